package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rowcast/internal/config"
	"rowcast/internal/errcode"
	"rowcast/internal/operator"
)

// program is what every subcommand needs.
type program struct {
	environ        []string
	stdout, stderr io.Writer
	// force is closed by the second interrupt.
	force <-chan struct{}
}

// usageError is a mistake in how the program was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// ErrorCode is that of what it wraps, if that has one.
func (e usageError) ErrorCode() errcode.Code { return cmp.Or(errcode.Of(e.error), errcode.Usage) }

// exitCode says how the program ends after err.
func exitCode(err error) int {
	var usage usageError
	var invalid *config.InvalidError
	if errors.As(err, &usage) || errors.As(err, &invalid) || errcode.Of(err) == errcode.Usage {
		return exitUsage
	}
	return exitFailure
}

// withoutCancellation is what remains of err without what only says that the
// program was asked to end.
func withoutCancellation(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return nil
	}
	var rest []error
	for _, e := range joined.Unwrap() {
		rest = append(rest, withoutCancellation(e))
	}
	return errors.Join(rest...)
}

func newRoot(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:   "rowcast",
		Short: "Committed PostgreSQL changes as socket events, per tenant, with nothing lost",
		Long: `Rowcast turns committed row changes in PostgreSQL into typed socket events, per
tenant, with nothing lost. Any writer counts: the app, psql, COPY, a batch job.`,
		Example: `  rowcast demo                                   see it work, nothing to set up
  DATABASE_URL=postgres://… rowcast migrate      install it in a database
  DATABASE_URL=postgres://… JWT_SECRET=… rowcast serve`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		Args:                       group,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{config.FlagError(cmd.CommandPath(), cmd.Flags(), err)}
	})
	root.AddCommand(p.serve(), p.demo(), p.migrate(), p.watch(), p.unwatch(), p.tail(), p.revoke(), p.bench(), p.version())
	root.AddCommand(p.operator().Commands()...)
	return root
}

// operator has the commands for those on call.
func (p *program) operator() *operator.Program {
	return &operator.Program{
		Environ: p.environ, Stdout: p.stdout, Stderr: p.stderr, Root: func() *cobra.Command { return newRoot(p) },
	}
}

// group refuses words that are none of the commands.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	word := args[0]
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usageError{fmt.Errorf("unknown command %q%s; the commands are: %s", word, config.DidYouMean(word, names), strings.Join(names, ", "))}
}

// logger writes to stderr: for people on a terminal, as JSON otherwise.
func (p *program) logger(level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f, ok := p.stderr.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice == 0 {
			return slog.New(slog.NewJSONHandler(p.stderr, options))
		}
	}
	return slog.New(slog.NewTextHandler(p.stderr, options))
}

// database is the configuration of a command that needs nothing but one.
func (p *program) database(cmd *cobra.Command) (config.Config, error) {
	return operator.Database(cmd, p.environ)
}

// noArgs refuses arguments with a hint.
func noArgs(cmd *cobra.Command, args []string) error { return operator.NoArgs(cmd, args) }

// oneTable wants the name of a table.
func oneTable(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s wants the name of one table, as in: %[1]s invoices", cmd.CommandPath())}
	}
	return nil
}
