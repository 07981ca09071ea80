package program

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
)

// Program is what every command needs.
type Program struct {
	Environ        []string
	Stdout, Stderr io.Writer
	// Force is closed by the second interrupt.
	Force <-chan struct{}
}

// Root completes the root of a tree of commands.
func (p *Program) Root(root *cobra.Command) *cobra.Command {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SuggestionsMinimumDistance = 2
	root.Args = group
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return errcode.Misuse(config.FlagError(cmd.CommandPath(), cmd.Flags(), err))
	})
	return root
}

// Logger writes to stderr: for people on a terminal, as JSON otherwise.
func (p *Program) Logger(level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f, ok := p.Stderr.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice == 0 {
			return slog.New(slog.NewJSONHandler(p.Stderr, options))
		}
	}
	return slog.New(slog.NewTextHandler(p.Stderr, options))
}

// Database is the configuration of a command that needs a database.
func (p *Program) Database(cmd *cobra.Command) (config.Config, error) {
	cfg, err := config.Load(cmd.Flags(), p.Environ)
	if err != nil {
		return config.Config{}, err
	}
	if !cfg.HasDatabase() {
		return config.Config{}, Usage("%s needs a database: set DATABASE_URL or give --database-url, as in --database-url postgres://user:password@host/name", cmd.CommandPath())
	}
	return cfg, nil
}

// Exit ends the program with a code; everything was said.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Usage is a mistake in how a command was called.
func Usage(format string, args ...any) error { return errcode.Misuse(fmt.Errorf(format, args...)) }

// NoArgs refuses arguments with a hint.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usage("%s takes no argument, but got %q; see: %[1]s -h", cmd.CommandPath(), args[0])
	}
	return nil
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
	return Usage("unknown command %q%s; the commands are: %s", word, config.DidYouMean(word, names), strings.Join(names, ", "))
}
