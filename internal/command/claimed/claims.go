package claimed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rowcast/internal/access/auth"
	"rowcast/internal/command/program"
	"rowcast/internal/operate/config"
)

// maxFile is how much of a file is read: more than any policy, row or claims may have.
const maxFile = 1 << 20

// File reads a file, or with the name - the input.
func File(name string, input io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		defer func() { _ = f.Close() }()
		input = f
	}
	text, err := io.ReadAll(io.LimitReader(input, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return text, nil
}

// Object reads an object of JSON, its numbers exactly. It is called name in errors.
func Object(name string, text []byte) (o map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&o); err != nil || o == nil {
		return nil, program.Usage("%s is no object of JSON: %v", name, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, program.Usage("%s: something follows the object of JSON", name)
	}
	return o, nil
}

// Bearer is somebody with the claims of a file.
type Bearer struct {
	file string
	id   auth.Identity
}

// Bind adds the flag for the file to a command.
func Bind(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "as", "", "show what a token with the claims in this JSON file would receive; - for the standard input")
	config.Bind(cmd.Flags(), "JWT_TENANT_CLAIM", "JWT_SUBJECT_CLAIM", "JWT_ROLE_CLAIM")
}

// Read reads the claims of a file, or of the input of a command. Without a file it is nil.
func Read(cmd *cobra.Command, file string, cfg config.Config) (*Bearer, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // nobody is meant
	}
	text, err := File(file, cmd.InOrStdin())
	if err != nil {
		return nil, err
	}
	id, err := Identity(file, text, cfg)
	return &Bearer{file, id}, err
}

// Identity is what claims say, the text of a file, by the settings.
func Identity(name string, text []byte, cfg config.Config) (auth.Identity, error) {
	claims, err := Object(name, text)
	if err != nil {
		return auth.Identity{}, err
	}
	id, err := auth.Claimed(claims, auth.ClaimNames{Tenant: cfg.JWTTenantClaim, Subject: cfg.JWTSubjectClaim, Role: cfg.JWTRoleClaim})
	if err != nil {
		return id, program.Usage("%s: no token with these claims would be accepted: %w", name, err)
	}
	return id, nil
}
