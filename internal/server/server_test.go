package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/server"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a secret of at least thirty-two bytes"

func public(t *testing.T) http.Handler {
	t.Helper()
	verifier, err := auth.New(t.Context(), auth.Options{Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	origins, err := origin.New("https://app.example")
	if err != nil {
		t.Fatal(err)
	}
	return server.Public(server.PublicOptions{
		WebSocket: http.NotFoundHandler(), SocketIO: http.NotFoundHandler(), Tickets: new(auth.Tickets), Gate: servetest.Gate(t, transport.GateOptions{Verify: verifier.Verify, Origin: origins.Allowed}),
	})
}

func ask(t *testing.T, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTicketForToken(t *testing.T) {
	t.Parallel()
	token, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: "me", Tenants: []string{"T"}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w := ask(t, public(t), http.MethodPost, "/tickets", "Authorization", "Bearer "+token)
	var got struct {
		Ticket    string
		ExpiresIn int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || got.Ticket == "" || got.ExpiresIn != 30 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestTicketsThatCannotBeGiven: too many unused tickets, and keys that cannot be had now,
// are no fault of the token; both say when to come back.
func TestTicketsThatCannotBeGiven(t *testing.T) {
	t.Parallel()
	verify := func(_ context.Context, token string) (auth.Identity, error) {
		if token == "unknown-key" {
			return auth.Identity{}, fmt.Errorf("fake: %w", auth.ErrUnavailable)
		}
		return auth.Identity{Subject: "me", Tenants: []string{"T"}, Expires: time.Now().Add(time.Hour)}, nil
	}
	h := server.Public(server.PublicOptions{
		WebSocket: http.NotFoundHandler(), SocketIO: http.NotFoundHandler(), Tickets: new(auth.Tickets),
		Gate: servetest.Gate(t, transport.GateOptions{Verify: verify}),
	})
	for range 100 {
		if w := ask(t, h, http.MethodPost, "/tickets", "Authorization", "Bearer good"); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	for token, want := range map[string]string{"good": `429 "code":"rate-limited"`, "unknown-key": `503 "code":"unavailable"`} {
		w := ask(t, h, http.MethodPost, "/tickets", "Authorization", "Bearer "+token)
		status, code, _ := strings.Cut(want, " ")
		if fmt.Sprint(w.Code) != status || !strings.Contains(w.Body.String(), code) || w.Header().Get("Retry-After") != "1" {
			t.Errorf("%s: %d %v %s", token, w.Code, w.Header(), w.Body)
		}
	}
}

func TestRefusalsAreProblems(t *testing.T) {
	t.Parallel()
	h := public(t)
	for _, test := range []struct {
		method, path, authorization, code string
		status                            int
	}{
		{http.MethodPost, "/tickets", "", "invalid-token", http.StatusUnauthorized},
		{http.MethodPost, "/tickets", "Bearer x.y.z", "invalid-token", http.StatusUnauthorized},
		{http.MethodPost, "/tickets?token=x", "", "bad-request", http.StatusBadRequest},
		{http.MethodPost, "/tickets?tenant=T", "", "bad-request", http.StatusBadRequest},
		{http.MethodGet, "/tickets", "", "bad-request", http.StatusMethodNotAllowed},
		{http.MethodGet, "/nowhere", "", "not-found", http.StatusNotFound},
	} {
		w := ask(t, h, test.method, test.path, "Authorization", test.authorization)
		if code, _ := raw.Problem(t, w.Result()); w.Code != test.status || code != test.code {
			t.Errorf("%s %s: %d %s", test.method, test.path, w.Code, w.Body)
		}
	}
}

func TestPagesAndAPI(t *testing.T) {
	t.Parallel()
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text+" "+r.URL.Path) })
	}
	h := server.Public(server.PublicOptions{
		WebSocket: says("feed"), SocketIO: says("socket"), Tickets: new(auth.Tickets), Pages: says("pages"), API: says("api"), Client: says("client"),
		Gate: servetest.Gate(t, transport.GateOptions{}),
	})
	for path, want := range map[string]string{
		"/": "pages /", "/orders/7": "pages /orders/7", "/assets/a.js": "pages /assets/a.js", "/apis": "pages /apis",
		"/api": "api /api", "/api/": "api /api/", "/api/orders": "api /api/orders",
		"/ws": "feed /ws", "/socket.io/": "socket /socket.io/",
		"/client/rowcast.js": "client /client/rowcast.js", "/client/parts/a.js": "client /client/parts/a.js", "/client": "pages /client",
	} {
		if w := ask(t, h, http.MethodGet, path); w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s: %d %s; want %q", path, w.Code, w.Body, want)
		}
	}
	if w := ask(t, h, http.MethodGet, "/tickets"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("the pages have taken GET /tickets: %d %s", w.Code, w.Body)
	}
}

func TestCrossOriginPagesGetTickets(t *testing.T) {
	t.Parallel()
	h := public(t)
	for origin, want := range map[string]string{"https://app.example": "https://app.example", "https://evil.example": ""} {
		w := ask(t, h, http.MethodOptions, "/tickets", "Origin", origin,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("origin %s is answered with %q; want %q", origin, got, want)
		}
	}
}

func TestReadinessGivesReasons(t *testing.T) {
	t.Parallel()
	var problems []server.Problem
	h := server.Admin(server.AdminOptions{
		Problems: func() []server.Problem { return problems },
		Status:   func(context.Context) any { return map[string]int{"n": 1} },
		Metrics:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "rowcast_n 1\n") }),
	})
	if w := ask(t, h, http.MethodGet, "/readyz"); w.Code != http.StatusOK {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	problems = []server.Problem{{Code: "tail-not-live", Detail: "connect: refused"}}
	w := ask(t, h, http.MethodGet, "/readyz")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"code":"tail-not-live","detail":"connect: refused"`) {
		t.Errorf("not ready: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/livez", "/status", "/metrics", "/debug/pprof/"} {
		if w := ask(t, h, http.MethodGet, path); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestServeFinishesRequestsUnderWay(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stop()
		_, _ = io.WriteString(w, "done")
	})
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ctx, listener, server.Options{Handler: handler, Log: slog.New(slog.DiscardHandler)})
	}()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "done" {
		t.Errorf("got %q, %v", body, err)
	}
	if err := <-served; !errors.Is(err, context.Canceled) {
		t.Errorf("Serve ended with %v", err)
	}
}

// TestPagesOfOthers: an allowed page may read every path with its credentials,
// also what is refused, and any other none.
func TestPagesOfOthers(t *testing.T) {
	t.Parallel()
	h := public(t)
	for _, path := range []string{"/socket.io/?EIO=4&transport=polling", "/events", "/history", "/tickets", "/client/rowcast.js", "/nowhere"} {
		allowed := ask(t, h, http.MethodGet, path, "Origin", "https://app.example").Header()
		if allowed.Get("Access-Control-Allow-Origin") != "https://app.example" || allowed.Get("Access-Control-Allow-Credentials") != "true" ||
			!strings.Contains(allowed.Get("Vary"), "Origin") {
			t.Errorf("%s: %v", path, allowed)
		}
		if other := ask(t, h, http.MethodGet, path, "Origin", "https://evil.example").Header(); other.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, other)
		}
		before := ask(t, h, http.MethodOptions, path, "Origin", "https://app.example",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
		if before.Code/100 != 2 || before.Header().Get("Access-Control-Allow-Origin") != "https://app.example" {
			t.Errorf("asking before %s: %d %v", path, before.Code, before.Header())
		}
	}
}
