package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

// Program is what the commands need.
type Program struct {
	Environ        []string
	Stdout, Stderr io.Writer
	// Root makes the tree of all commands, for the manual.
	Root func() *cobra.Command
}

// Commands makes the commands.
func (p *Program) Commands() []*cobra.Command {
	return []*cobra.Command{p.status(), p.doctor(), p.history(), p.replay(), p.prune(), p.token(), p.config(), p.man()}
}

// Exit ends the program with a code; everything was said.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Usage is a mistake in how a command was called.
func Usage(format string, args ...any) error {
	return errcode.With(errcode.Usage, fmt.Errorf(format, args...))
}

// NoArgs refuses arguments with a hint.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usage("%s takes no argument, but got %q; see: %[1]s -h", cmd.CommandPath(), args[0])
	}
	return nil
}

// Database is the configuration of a command that needs one.
func Database(cmd *cobra.Command, environ []string) (config.Config, error) {
	cfg, err := config.Load(cmd.Flags(), environ)
	if err != nil {
		return config.Config{}, err
	}
	if !cfg.HasDatabase() {
		return config.Config{}, Usage("%s needs a database: set DATABASE_URL or give --database-url, as in --database-url postgres://user:password@host/name", cmd.CommandPath())
	}
	return cfg, nil
}

// withPool runs f with a small pool that may lead through a pooler.
func withPool(ctx context.Context, url, name string, f func(pool postgres.Pool) error) error {
	pool, err := postgres.OpenPooled(ctx, url, name, 2)
	if err != nil {
		return err
	}
	defer pool.Close()
	return postgres.Judge(context.WithoutCancel(ctx), pool, f(pool))
}

// format binds the flag for what is printed.
func format(cmd *cobra.Command, into *string, kinds, meaning string) {
	cmd.Flags().StringVarP(into, "output", "o", "text", kinds+meaning)
}

// textOrJSON refuses other formats.
func textOrJSON(format string) error {
	if format != "text" && format != "json" {
		return Usage("-o is %q; it is text or json", format)
	}
	return nil
}

// writeJSON writes a value for programs.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
