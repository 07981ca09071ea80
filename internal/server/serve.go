package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"rowcast/internal/transport"
	"rowcast/internal/wire/socket"
)

const (
	maxHeader = 16 << 10
	// shutdownGrace is how long requests under way may take.
	shutdownGrace = 5 * time.Second
)

// Options says what a listener serves, and for how long it waits for clients. Handler
// and Log are required.
type Options struct {
	Handler http.Handler
	Log     *slog.Logger
	// Limits bounds the connections of an address. Default: as many as come.
	Limits *transport.Limits
	// Header and Body are how long a client has to send the head and the body of a
	// request, also a body that nobody reads. Default: 5 s and 30 s.
	Header, Body time.Duration
	// Idle is how long a connection waits for the next request. Default: 2 min.
	Idle time.Duration
	// Stall is how long a client has to take 64 KiB of what it is sent. Default: 10 s.
	Stall time.Duration
}

// Serve serves a listener until ctx ends, then lets requests that are under way
// finish. It closes the listener.
func Serve(ctx context.Context, listener net.Listener, o Options) error {
	server := &http.Server{
		Handler:           limitBody(o.Handler, cmp.Or(o.Body, 30*time.Second)),
		ReadHeaderTimeout: cmp.Or(o.Header, 5*time.Second),
		IdleTimeout:       cmp.Or(o.Idle, 2*time.Minute),
		MaxHeaderBytes:    maxHeader,
		ConnState:         taken,
		ConnContext:       socket.Accepted(),
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	connect := func(string) (func(), *transport.Problem) { return func() {}, nil }
	if o.Limits != nil {
		connect = o.Limits.Connect
	}
	failed := make(chan error, 1)
	go func() {
		failed <- server.Serve(&bounded{Listener: listener, connect: connect, stall: cmp.Or(o.Stall, 10*time.Second)})
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	return context.Cause(ctx)
}

// limitBody bounds the time for a body. The deadline ends with the body, so that
// it is not one for the answer.
func limitBody(next http.Handler, most time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(most)) // none where it is not known
		}
		next.ServeHTTP(w, r)
	})
}
