package transport_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
)

// TestCloseTable is the contract: names, codes, and that clients come back
// exactly from 4000 to 4499.
func TestCloseTable(t *testing.T) {
	t.Parallel()
	want := map[int]string{
		4001: "shutdown", 4002: "slow-consumer", 4003: "token-expired", 4005: "no-pong", 4006: "rate-limited",
		4500: "bad-request", 4501: "invalid-token", 4502: "forbidden", 4503: "auth-timeout", 4504: "limit-exceeded",
		4505: "revoked", 1009: "message-too-big",
	}
	codes := map[int]bool{}
	for _, c := range transport.Closes() {
		if codes[c.Number] {
			t.Errorf("code %d is there twice", c.Number)
		}
		codes[c.Number] = true
		if name, ok := want[c.Number]; ok && name != string(c.Code) {
			t.Errorf("%d is %s, want %s", c.Number, c.Code, name)
		}
		if c.Number >= 4000 && c.ComesBack != (c.Number < 4500) {
			t.Errorf("%+v", c)
		}
		if transport.CloseOf(c.Code) != c {
			t.Errorf("CloseOf(%s) = %+v", c.Code, transport.CloseOf(c.Code))
		}
	}
	for code := range want {
		if !codes[code] {
			t.Errorf("code %d is missing", code)
		}
	}
	for _, code := range []errcode.Code{signal.Gone, signal.Shutdown, signal.SlowConsumer, signal.NoPong} {
		if transport.CloseOf(code).Code != code {
			t.Errorf("%s is missing", code)
		}
	}
	if c := transport.CloseOf("unheard of"); c.Number != 4500 {
		t.Errorf("unknown cause: %+v", c)
	}
}

func TestWriteProblem(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	transport.WriteProblem(w, http.StatusUnauthorized, transport.InvalidToken, `it is "forged"`)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"type": "urn:rowcast:error:invalid-token", "title": "The token is not valid", "status": 401.0, "detail": `it is "forged"`, "code": "invalid-token",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || w.Code != 401 {
		t.Errorf("got %d %v, want %v", w.Code, got, want)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/problem+json", "WWW-Authenticate": "Bearer", "Cache-Control": "no-store",
	} {
		if w.Header().Get(name) != value {
			t.Errorf("%s: %q", name, w.Header().Get(name))
		}
	}
}

// TestRetryAfterIsNeverLess: the header has whole seconds, of which a client waits
// at least as many as it should.
func TestRetryAfterIsNeverLess(t *testing.T) {
	t.Parallel()
	for retry, want := range map[time.Duration]string{
		0: "", 1: "1", time.Second: "1", time.Second + 1: "2", 10 * time.Minute: "600",
	} {
		w := httptest.NewRecorder()
		(&transport.Problem{Status: http.StatusServiceUnavailable, Code: transport.Unavailable, Retry: retry}).Write(w)
		if got := w.Header().Get("Retry-After"); got != want {
			t.Errorf("%v: Retry-After %q, want %q", retry, got, want)
		}
	}
}
