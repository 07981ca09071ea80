package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rowcast/internal/access/auth"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/refusal"
	"rowcast/internal/wire/socket"
)

// gate lets in the token "good" and the ticket "good", of subjects that say so.
func gate(t testing.TB, refusals *refusal.Log) *transport.Gate {
	t.Helper()
	return servetest.Gate(t, transport.GateOptions{
		Refusals: refusals,
		Origin:   func(r *http.Request) bool { return r.Header.Get("Origin") != "https://evil.example" },
		Draining: func() bool { return false },
		Verify: func(_ context.Context, token string) (auth.Identity, error) {
			switch token {
			case "good":
				return auth.Identity{Subject: "token"}, nil
			case "expired":
				return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrExpired)
			case "unavailable":
				return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrUnavailable)
			default:
				return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrInvalid)
			}
		},
		Redeem: func(ticket string) (auth.Identity, bool) { return auth.Identity{Subject: "ticket"}, ticket == "good" },
	})
}

func TestGate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, query, origin, authorization, second string
		draining                                     bool

		subject string
		status  int
		code    errcode.Code
		header  string // one that the answer has to have
	}{
		"token":             {authorization: "Bearer good", subject: "token"},
		"ticket":            {query: "?ticket=good", subject: "ticket"},
		"token and ticket":  {query: "?ticket=good", authorization: "Bearer good", subject: "ticket"},
		"own origin":        {origin: "https://app.example", authorization: "Bearer good", subject: "token"},
		"foreign origin":    {origin: "https://evil.example", method: http.MethodPost, query: "?token=x", status: 403, code: "forbidden"},
		"POST":              {method: http.MethodPost, authorization: "Bearer good", status: 405, code: "bad-request", header: "Allow"},
		"HEAD":              {method: http.MethodHead, authorization: "Bearer good", status: 405, code: "bad-request", header: "Allow"},
		"draining":          {draining: true, authorization: "Bearer bad", status: 503, code: "shutdown", header: "Retry-After"},
		"token in the URL":  {query: "?token=good", authorization: "Bearer good", status: 400, code: "bad-request"},
		"nothing":           {status: 401, code: "invalid-token", header: "Www-Authenticate"},
		"forged":            {authorization: "Bearer bad", status: 401, code: "invalid-token", header: "Www-Authenticate"},
		"malformed":         {authorization: "Bearer a b", status: 401, code: "invalid-token"},
		"another scheme":    {authorization: "Basic x", status: 401, code: "invalid-token"},
		"forged and ticket": {query: "?ticket=good", authorization: "Bearer bad", subject: "ticket"},
		"malformed, ticket": {query: "?ticket=good", authorization: "Bearer a b", subject: "ticket"},
		"Basic and ticket":  {query: "?ticket=good", authorization: "Basic x", subject: "ticket"},
		"foreign ticket":    {query: "?ticket=bad", authorization: "Bearer good", subject: "token"},
		"both bad":          {query: "?ticket=bad", authorization: "Bearer expired", status: 401, code: "token-expired"},
		"two tokens":        {authorization: "Bearer bad", second: "Bearer good", subject: "token"},
		"two schemes":       {authorization: "Basic x", second: "Bearer good", subject: "token"},
		"two bad tokens":    {authorization: "Bearer bad", second: "Bearer expired", status: 401, code: "token-expired"},
		"expired":           {authorization: "Bearer expired", status: 401, code: "token-expired"},
		"keys not at hand":  {authorization: "Bearer unavailable", status: 503, code: "unavailable", header: "Retry-After"},
		"bad ticket":        {query: "?ticket=bad", status: 401, code: "invalid-token"},
		"empty ticket":      {query: "?ticket=", status: 401, code: "invalid-token"},
		"misspelt":          {query: "?tiket=good", authorization: "Bearer good", status: 400, code: "bad-request"},
		"misspelt, forged":  {query: "?tiket=good", authorization: "Bearer bad", status: 400, code: "bad-request"},
		"misspelt, foreign": {query: "?tiket=good", origin: "https://evil.example", status: 403, code: "forbidden"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), test.method, "/"+test.query, nil)
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		if test.authorization != "" {
			r.Header.Set("Authorization", test.authorization)
		}
		if test.second != "" {
			r.Header.Add("Authorization", test.second)
		}
		g := gate(t, nil)
		g.Draining = func() bool { return test.draining }
		id, refused := g.Admit(r, transport.Parameters{Names: []string{"ticket"}})
		if refused == nil {
			if test.status != 0 || id.Subject != test.subject {
				t.Errorf("%s: let in as %q", name, id.Subject)
			}
			continue
		}
		w := httptest.NewRecorder()
		refused.Write(w)
		var got struct{ Code, Detail string }
		err := json.Unmarshal(w.Body.Bytes(), &got)
		if err != nil || w.Code != test.status || got.Code != string(test.code) || got.Detail == "" {
			t.Errorf("%s: %d %s; want %d %s", name, w.Code, w.Body, test.status, test.code)
		}
		if test.header != "" && w.Header().Get(test.header) == "" {
			t.Errorf("%s: the answer has no %s: %v", name, test.header, w.Header())
		}
	}
}

func TestParseWant(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		query, tenants string
		want           string // tenant and patterns, or the code and a part of the text
	}{
		{"?tenant=T", "T U", "T"},
		{"?tenant=U&events=order:*", "T U", "U order:*"},
		{"?events=order:*,sku:created&events=stock:*", "T", "T order:* sku:created stock:*"},
		{"", "T", "T"},
		{"?tenant=", "T", "T"},
		{"?tenant=a%20b%26c", "a·b&c", "forbidden token does not name"},
		{"?tenant=V", "T U", "forbidden token does not name"},
		{"?tenant=V", "", "forbidden token does not name"},
		{"", "", "bad-request add tenant="},
		{"", "T U", "bad-request add tenant="},
		{"?events=order", "T", "bad-request neither"},
		{"?events=", "T", "bad-request neither"},
		{"?events=order:*,", "T", "bad-request neither"},
		{"?events=" + strings.Repeat("a:b,", 64) + "a:b", "T", "bad-request at most 64"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+test.query, nil)
		w, refused := gate(t, nil).ParseWant(r, auth.Identity{Tenants: strings.Fields(test.tenants)})
		if refused != nil {
			code, text, _ := strings.Cut(test.want, " ")
			if string(refused.Code) != code || !strings.Contains(refused.Detail, text) {
				t.Errorf("%s: %+v; want %s", test.query, refused, test.want)
			}
			continue
		}
		if got := strings.Join(append([]string{w.Tenant}, w.Events...), " "); got != test.want {
			t.Errorf("%s asks for %s; want %s", test.query, got, test.want)
		}
	}
}

// TestSlotIsGivenBack: a client that could not be let in leaves the one slot of its
// address to the next, wherever that failed, and one that was let in keeps it.
func TestSlotIsGivenBack(t *testing.T) {
	t.Parallel()
	g := servetest.Gate(t, transport.GateOptions{Limits: transport.NewLimits(transport.LimitOptions{PerAddress: 1})})
	h, err := hub.New(room.Options{
		History: nowhere{}, Encoders: []signal.Encoder{nothing{}}, Map: func(dst []feed.Event, _ *feed.Change) []feed.Event { return dst },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	var client net.Conn // of the newest connection
	let := func(broken error) error {
		var server net.Conn
		server, client = net.Pipe()
		near := client
		t.Cleanup(func() { _, _ = server.Close(), near.Close() })
		_, err := g.Let(h, from(t, "203.0.113.1:5", "/ws"), transport.Credential{}, func() (session.Peer, error) {
			return session.Peer{Conn: socket.New(server), Encoder: nothing{}}, broken
		})
		return err
	}
	broken := errors.New("the handshake broke")
	for range 3 {
		if err := let(broken); !errors.Is(err, broken) {
			t.Errorf("a broken handshake: %v", err)
		}
	}
	if err := let(nil); err != nil {
		t.Errorf("after broken handshakes: %v", err)
	}
	if full, ok := errors.AsType[*transport.Problem](let(nil)); !ok || full.Code != transport.LimitExceeded {
		t.Errorf("the second of an address: %v", full)
	}
	stop() // ends the session, and refuses others
	<-ended
	for range 3 {
		if err := let(nil); !errors.Is(err, session.ErrDraining) {
			t.Errorf("while the server shuts down: %v", err)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("a connection that came late has not ended: %v", err)
		}
	}
}

// nowhere is a history without changes, nothing a wire without messages.
type nowhere struct{}

func (nowhere) Head(context.Context, string, int64) (feed.Head, error) { return feed.Head{}, nil }

func (nowhere) After(context.Context, string, feed.Cursor, int) (feed.Page, error) {
	return feed.Page{}, nil
}

type nothing struct{}

func (nothing) Name() string                                            { return "nothing" }
func (nothing) AppendEvent(dst []byte, _ *feed.Event) []byte            { return dst }
func (nothing) AppendSignal(dst []byte, _ *signal.Signal) []byte        { return dst }
func (nothing) AppendClose(dst []byte, _ errcode.Code, _ string) []byte { return dst }
