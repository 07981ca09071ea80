package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"rowcast/internal/access/auth"
	"rowcast/internal/command/printer"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/service"
)

// maxInput is how much is read of a token on the standard input, in bytes.
const maxInput = 64 << 10

func (p *commands) tokenCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check <token>",
		Short: "Explain a token against the settings",
		Long: `Says whether a server with the same settings accepts a token, and if not why; what
the token gives, and which claims nothing looks at. Give - to read the token from the
standard input, so that nobody sees it among the processes. The token is not printed.
Whether it was revoked is not looked at: see rowcast revoke --list.

Ends with 0 if the token is accepted, and with 1 if not.`,
		Example: `  pbpaste | JWKS_URL=https://issuer.example/keys rowcast token check -
  rowcast token check "$TOKEN" --jwt-tenant-claim app_metadata.tenant_id`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return program.Usage("%s wants one token, or - to read it from the standard input", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(cmd.Flags(), p.Environ)
			if err != nil {
				return err
			}
			token, err := given(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			return p.check(cmd.Context(), cfg, token)
		},
	}
	bindAuth(cmd.Flags(), "JWT_LEEWAY")
	return cmd
}

// given is the token that was given, without what it is often copied with.
func given(argument string, input io.Reader) (string, error) {
	if argument == "-" {
		text, err := io.ReadAll(io.LimitReader(input, maxInput))
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		argument = string(text)
	}
	token := strings.Trim(strings.TrimSpace(argument), `"'`)
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(rest)
	}
	if token == "" {
		return "", program.Usage("there is no token to check")
	}
	return token, nil
}

// check explains a token.
func (p *commands) check(ctx context.Context, cfg config.Config, token string) error {
	verifier, err := auth.New(ctx, service.AuthOptions(cfg, slog.New(slog.DiscardHandler)))
	if err != nil {
		return errcode.Misuse(errcode.With("bad-setting", err))
	}
	e := verifier.Explain(ctx, token)
	if err := printer.Token(p.Stdout, e, printer.Claims{Subject: cfg.JWTSubjectClaim, Tenants: cfg.JWTTenantClaim, Roles: cfg.JWTRoleClaim}); err != nil || e.Err == nil {
		return err
	}
	return program.Exit(1)
}
