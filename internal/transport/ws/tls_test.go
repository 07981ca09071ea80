package ws_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTLS: a connection that cannot be written to without waiting.
func TestTLS(t *testing.T) {
	t.Parallel()
	issuer := httptest.NewTLSServer(nil) // for its certificate
	issuer.Close()
	plain, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := issuer.TLS.Clone()
	config.NextProtos = nil
	b := setup(t, tls.NewListener(plain, config), nil)
	b.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a test
		return d.DialContext(ctx, network, addr)
	}
	c := b.joined(t, annOfT, "T")
	for i := range 200 {
		b.event("T", strings.Repeat("x", i*50))
	}
	for i := range 200 {
		if m := c.expect("event"); len(m.Data.Text) != i*50 {
			t.Fatalf("got %d bytes at %d", len(m.Data.Text), i)
		}
	}
	if err := b.Hub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.ended(4001, "shutdown; retry=")
}
