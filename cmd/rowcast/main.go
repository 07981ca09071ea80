// Rowcast turns committed row changes in PostgreSQL into typed socket events,
// per tenant, with nothing lost.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"rowcast/internal/operator"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
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
	os.Exit(run(ctx, force, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is the whole program: what it says goes to stdout, what it logs to
// stderr. The end of ctx asks it to finish, hurry to finish without manners.
func run(ctx context.Context, force <-chan struct{}, args, environ []string, stdout, stderr io.Writer) int {
	root := newRoot(&program{environ: environ, stdout: stdout, stderr: stderr, force: force})
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	rest := withoutCancellation(err)
	switch {
	case err == nil || errors.Is(err, syscall.EPIPE):
		return exitOK
	case rest == nil:
		return exitInterrupted
	}
	if code, said := errors.AsType[operator.Exit](rest); said {
		return int(code)
	}
	fmt.Fprintln(stderr, operator.Explain(rest))
	return exitCode(rest)
}
