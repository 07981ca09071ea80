// Command conformance serves what public test suites of Engine.IO and Socket.IO
// expect of a server, without a database, over the write path of the product.
//
// # Overview
//
// At /socket.io/, namespace "/": a client that connects gets "auth" with what it sent
// to connect. "message" comes back as "message-back", and "message-with-ack" is
// acknowledged with its arguments. "broadcast" goes to everyone in the namespace as
// "bcast". "ask" comes back as "question", whose acknowledgement comes back as
// "answer". Namespace "/custom" only has "auth". At /engine.io/ every message comes
// back.
//
// With --recovery every event ends with an offset, and a client that comes back
// gets the broadcasts that it missed.
//
// The suites themselves are run against it by hand: .ci/suites says how.
//
// # Guarantees
//
//   - What the suites require of a server holds (TestHandshake, TestHeartbeat,
//     TestPolling, TestUpgrade, TestConnect, TestMessages).
//   - A client that comes back gets what it missed, once and in order
//     (TestRecovery), and hears if that is not possible (TestRecoveryTooOld).
//
// # Failures
//
// A wrong flag ends it at once, with status 2.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"rowcast/internal/wire/socket"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// Exit statuses.
const (
	failed = 1
	misuse = 2
)

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	addr, o, err := parse(args, stderr)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "conformance:", err)
		return misuse
	}
	if err := serve(ctx, addr, o, stdout); err != nil {
		fmt.Fprintln(stderr, "conformance:", err)
		return failed
	}
	return 0
}

// connectTimeout is that of Socket.IO. The suite proposes one second; but its test of
// the heartbeat by polling, which connects to no namespace, takes 0.9 s and what the
// client needs beside that. No test ends by this timeout: a silent client has not
// answered a ping before.
const connectTimeout = 45 * time.Second

// parse reads the flags.
func parse(args []string, stderr io.Writer) (addr string, o options, err error) {
	flags := pflag.NewFlagSet("conformance", pflag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&addr, "addr", "127.0.0.1:3000", "address to listen on")
	flags.DurationVar(&o.pingInterval, "ping-interval", 300*time.Millisecond, "time between a pong and the next ping")
	flags.DurationVar(&o.pingTimeout, "ping-timeout", 200*time.Millisecond, "time to answer a ping")
	flags.DurationVar(&o.connectTimeout, "connect-timeout", connectTimeout, "time to connect to a namespace")
	flags.Int64Var(&o.maxPayload, "max-payload", 1_000_000, "longest message, in bytes")
	flags.BoolVar(&o.recovery, "recovery", false, "recover connections; every event then ends with an offset")
	if err := flags.Parse(args); err != nil {
		return "", o, err
	}
	if flags.NArg() > 0 {
		return "", o, fmt.Errorf("unexpected argument %q; there are only flags, see --help", flags.Arg(0))
	}
	for name, d := range map[string]time.Duration{
		"ping-interval": o.pingInterval, "ping-timeout": o.pingTimeout, "connect-timeout": o.connectTimeout,
	} {
		if d < time.Millisecond {
			return "", o, fmt.Errorf("--%s is %v; at least 1ms is needed", name, d)
		}
	}
	if o.maxPayload < 1 {
		return "", o, fmt.Errorf("--max-payload is %d; at least 1 is needed", o.maxPayload)
	}
	return addr, o, nil
}

// serve listens until ctx ends.
func serve(ctx context.Context, addr string, o options, stdout io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s, err := newServer(o)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	public := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: maxHeader, ConnContext: socket.Accepted()}
	served := make(chan error, 1)
	go func() { served <- public.Serve(listener) }()
	fmt.Fprintln(stdout, "listening on", listener.Addr())
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serve: %w", err), s.close(ctx))
	case <-ctx.Done():
	}
	farewell, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(s.close(farewell), public.Shutdown(farewell))
}

// maxHeader bounds the header of a request, in bytes.
const maxHeader = 16 << 10
