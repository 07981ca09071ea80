package transport_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/transport"
	"rowcast/internal/transport/refusal"
)

// TestRefusalsAreReported: every refusal is counted; the log says why, once a minute for
// each kind, with how many there were.
func TestRefusalsAreReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		refusals := &refusal.Log{Codes: transport.RefusalCodes(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
		g := gate(t, refusals)
		refuse := func(header, origin string) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/history", nil)
			r.Header.Set("Authorization", header)
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			if _, refused := g.Admit(r, transport.Parameters{Names: []string{"ticket"}}); refused != nil {
				g.Refuse(httptest.NewRecorder(), r, refused)
			}
		}
		lines := func() (all []string) {
			defer log.Reset()
			return strings.FieldsFunc(log.String(), func(r rune) bool { return r == '\n' })
		}
		for range 100 {
			refuse("Bearer good", "https://evil.example")
			refuse("Bearer expired", "")
			refuse("Bearer good", "")
		}
		got := lines()
		if len(got) != 2 || !strings.Contains(got[0], "origin=https://evil.example") || !strings.Contains(got[0], "about=origin") ||
			!strings.Contains(got[0], "path=/history") || !strings.Contains(got[1], "about=expired") || !strings.Contains(got[1], "refused=1") {
			t.Errorf("the log says\n%s", strings.Join(got, "\n"))
		}
		time.Sleep(time.Minute)
		refuse("Bearer expired", "")
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], "refused=100") {
			t.Errorf("a minute later the log says\n%s", strings.Join(got, "\n"))
		}
		counts := refusals.Counts()
		if counts[transport.Forbidden] != 100 || counts[transport.TokenExpired] != 101 || counts[transport.InvalidToken] != 0 {
			t.Errorf("counts %v", counts)
		}
		for _, code := range transport.RefusalCodes() {
			if _, ok := counts[code]; !ok {
				t.Errorf("%s is not counted from the start", code)
			}
		}
	})
}

// TestLogNeverHasTheToken: what a refused token costs the log is one line of bounded
// size, and no part of the token is in it but the algorithm and the id of the key.
func TestLogNeverHasTheToken(t *testing.T) {
	t.Parallel()
	verifier, err := auth.New(t.Context(), auth.Options{Secret: []byte(strings.Repeat("s", 32)), Issuer: "https://id.example"})
	if err != nil {
		t.Fatal(err)
	}
	mint := func(secret, issuer string) string {
		token, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: "canary", Issuer: issuer, Tenants: []string{"canary"}}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := mint(strings.Repeat("s", 32), "https://id.example")
	_, rest, _ := strings.Cut(good, ".")
	header := func(text string) string { return encoded(text) + "." + rest }
	for about, token := range map[string]string{
		"signature":     mint(strings.Repeat("x", 32), "https://id.example"),
		"algorithm":     header(`{"alg":"RS256","kid":"` + strings.Repeat("k", 4000) + `"}`),
		"key":           header(`{"alg":"HS256","crit":["x"]}`),
		"malformed":     good + ".x",
		"malformed JWE": header(`{"alg":"dir"}`) + "..",
		"malformed \n":  header("x\ny"),
		"claim":         mint(strings.Repeat("s", 32), "https://other.example"),
	} {
		var log bytes.Buffer
		refusals := &refusal.Log{Codes: transport.RefusalCodes(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
		_, err := verifier.Verify(t.Context(), token)
		if err == nil {
			t.Fatalf("%s: accepted", about)
		}
		refusals.Note(t.Context(), nil, transport.TokenProblem(err).Reason())
		word, _, _ := strings.Cut(about, " ")
		if !strings.Contains(log.String(), "about="+word+" ") || log.Len() > 1000 || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%s: %s", about, log.String())
		}
		for part := range strings.SplitSeq(token, ".") {
			if len(part) > 20 && strings.Contains(log.String(), part[:20]) || strings.Contains(log.String(), "canary") {
				t.Errorf("%s: the log has a part of the token: %s", about, log.String())
			}
		}
	}
}

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
