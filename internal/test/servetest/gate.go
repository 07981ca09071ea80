package servetest

import (
	"context"
	"net/http"
	"testing"

	"rowcast/internal/access/auth"
	"rowcast/internal/transport"
)

// Gate makes a gate. What the options lack lets every page in, and no token or ticket.
func Gate(t testing.TB, o transport.GateOptions) *transport.Gate {
	t.Helper()
	if o.Origin == nil {
		o.Origin = func(*http.Request) bool { return true }
	}
	if o.Draining == nil {
		o.Draining = func() bool { return false }
	}
	if o.Verify == nil {
		o.Verify = func(context.Context, string) (auth.Identity, error) { return auth.Identity{}, auth.ErrInvalid }
	}
	if o.Redeem == nil {
		o.Redeem = func(string) (auth.Identity, bool) { return auth.Identity{}, false }
	}
	g, err := transport.NewGate(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
