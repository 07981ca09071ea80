package transport_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/access/limit"
	"rowcast/internal/transport"
	"rowcast/internal/transport/refusal"
)

func from(t *testing.T, address, path string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.RemoteAddr = address
	return r
}

func TestTooManyRequestsOfAnAddress(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	limits := transport.NewLimits(transport.LimitOptions{
		PerAddress: 40, Refusals: &refusal.Log{Codes: transport.RefusalCodes(), Logger: slog.New(slog.NewTextHandler(&log, nil))},
	})
	served := 0
	guarded := limits.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	ask := func(address, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		guarded.ServeHTTP(w, from(t, address, path))
		return w
	}
	refused := 0
	for range 1000 {
		w := ask("203.0.113.1:5", "/ws")
		if w.Code == http.StatusOK {
			continue
		}
		refused++
		var got struct{ Code, Detail string }
		err := json.Unmarshal(w.Body.Bytes(), &got)
		if retry, _ := strconv.Atoi(w.Header().Get("Retry-After")); err != nil || w.Code != http.StatusTooManyRequests || got.Code != "rate-limited" || got.Detail == "" || retry < 1 {
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
	}
	// A busy machine may take long enough for more to be allowed.
	if served < 100 || refused == 0 {
		t.Errorf("%d of 1000 are served", served)
	}
	before := served
	for _, other := range []string{"203.0.113.2:5", "127.0.0.1:5", "10.0.0.1:5"} {
		ask(other, "/ws")
	}
	for range 1000 {
		ask("127.0.0.1:5", "/ws")
		ask("203.0.113.1:5", "/socket.io/?sid=x") // bounded by its messages
	}
	if served-before != 2003 {
		t.Errorf("%d of 2003 requests of others are served", served-before)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "203.0.113.1") {
		t.Errorf("the log has %d lines:\n%s", lines, log.String())
	}
}

func TestSlots(t *testing.T) {
	t.Parallel()
	limits := transport.NewLimits(transport.LimitOptions{
		Addresses: limit.Addresses{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}}, PerAddress: 2, PerSubject: 2,
	})
	take := func(address, forwarded string) (*transport.Slot, *transport.Problem) {
		r := from(t, address, "/ws")
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		return limits.Slot(r)
	}
	one, _ := take("203.0.113.1:5", "")
	two, _ := take("10.0.0.1:5", "203.0.113.1") // the same client through a proxy
	if one == nil || two == nil {
		t.Fatal("a slot is refused")
	}
	if _, full := take("203.0.113.1:5", "198.51.100.1"); full == nil || full.Status != http.StatusTooManyRequests || full.Code != transport.LimitExceeded || full.Retry == 0 {
		t.Errorf("the third of an address: %+v", full)
	}
	other, full := take("203.0.113.2:5", "")
	if full != nil {
		t.Fatalf("another address: %+v", full)
	}
	for range 2 { // again is no second seat
		if !one.SetSubject("ann") {
			t.Error("a seat is refused to its subject")
		}
	}
	if !two.SetSubject("ann") || other.SetSubject("ann") || !other.SetSubject("bob") {
		t.Error("a subject has not two seats")
	}
	if !two.SetSubject("bob") || !other.SetSubject("bob") || !other.SetSubject("ann") { // each changes its subject
		t.Error("a seat that became free is not given")
	}
	other.Leave()
	other.Leave()
	two.Leave()
	if !two.SetSubject("nobody") { // it is gone already
		t.Error("a seat that was left is refused")
	}
	again, full := take("203.0.113.1:5", "")
	if full != nil || !again.SetSubject("ann") {
		t.Errorf("a place that became free: %+v", full)
	}
	if third, full := take("127.0.0.1:5", ""); full != nil || third.SetSubject("ann") {
		t.Errorf("the third of a subject is seated: %+v", full)
	}
}

// TestUnnamedProxyIsReported: the log has a line a minute that names the setting, and the
// status has the proxy for an hour.
func TestUnnamedProxyIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		limits := transport.NewLimits(transport.LimitOptions{Log: slog.New(slog.NewTextHandler(&log, nil))})
		guarded := limits.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		ask := func(forwarded string) {
			r := from(t, "10.0.0.9:5", "/ws")
			if forwarded != "" {
				r.Header.Set("X-Forwarded-For", forwarded)
			}
			guarded.ServeHTTP(httptest.NewRecorder(), r)
		}
		ask("")
		if log.Len() > 0 || limits.UnnamedProxy() != "" {
			t.Errorf("a client without a proxy is told of: %s", log.String())
		}
		for range 150 { // two and a half minutes
			ask("203.0.113.1")
			time.Sleep(time.Second)
		}
		if lines := strings.Count(log.String(), "\n"); lines != 3 || strings.Count(log.String(), "ROWCAST_TRUSTED_PROXIES") != 3 || strings.Count(log.String(), "10.0.0.9") != 3 {
			t.Errorf("the log has %d lines:\n%s", lines, log.String())
		}
		if got := limits.UnnamedProxy(); got != "10.0.0.9" {
			t.Errorf("the proxy is %q", got)
		}
		time.Sleep(time.Hour)
		if got := limits.UnnamedProxy(); got != "" {
			t.Errorf("an hour later the proxy is %q", got)
		}
	})
}

// TestRefusedConnectionsAreReported: a connection that finds no place is counted, and the
// log names its address.
func TestRefusedConnectionsAreReported(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	refusals := &refusal.Log{Codes: transport.RefusalCodes(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
	limits := transport.NewLimits(transport.LimitOptions{PerAddress: 1, Refusals: refusals})
	for i := range 100 {
		if _, refused := limits.Connect("203.0.113.1:5"); refused != nil {
			t.Fatalf("connection %d is refused: %+v", i, refused)
		}
	}
	_, refused := limits.Connect("203.0.113.1:6")
	if refused == nil || refused.Code != transport.LimitExceeded || strings.Contains(string(refused.Response()), "203.0.113.1") {
		t.Errorf("one too many: %+v", refused)
	}
	if got := refusals.Counts()[transport.LimitExceeded]; got != 1 || !strings.Contains(log.String(), "203.0.113.1") {
		t.Errorf("%d are counted; the log says %s", got, log.String())
	}
}
