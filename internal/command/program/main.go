package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
)

// Exit codes.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitInterrupted = 130
)

// Main runs the commands of this process, and exits.
func Main(commands func(*Program) *cobra.Command) {
	// A reader that goes away, as in rowcast tail | head, is an ordinary end.
	signal.Ignore(syscall.SIGPIPE)
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	ctx, stop := context.WithCancel(context.Background())
	force := make(chan struct{})
	go func() {
		<-interrupts
		stop()
		<-interrupts
		close(force)
	}()
	p := &Program{Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr, Force: force}
	os.Exit(Run(ctx, commands(p), os.Args[1:], os.Stderr))
}

// Run runs one command and returns the exit code. The end of ctx asks the command to
// finish. Why it failed goes to stderr.
func Run(ctx context.Context, root *cobra.Command, args []string, stderr io.Writer) int {
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	rest := WithoutCancellation(err)
	switch {
	case err == nil || errors.Is(err, syscall.EPIPE):
		return ExitOK
	case rest == nil:
		return ExitInterrupted
	}
	if code, said := errors.AsType[Exit](rest); said {
		return int(code)
	}
	fmt.Fprintln(stderr, Explain(root.Name(), rest))
	return exitCode(rest)
}

// exitCode says how the program ends after err.
func exitCode(err error) int {
	if _, invalid := errors.AsType[*config.InvalidError](err); invalid || errcode.IsMisuse(err) {
		return ExitUsage
	}
	return ExitFailure
}

// WithoutCancellation is what remains of err without what only says that the
// program was asked to end.
func WithoutCancellation(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return nil
	}
	var rest []error
	for _, e := range joined.Unwrap() {
		rest = append(rest, WithoutCancellation(e))
	}
	return errors.Join(rest...)
}
