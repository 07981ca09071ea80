package keyset_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/access/auth/keyset"
)

func token(kid any) *jwt.Token {
	return &jwt.Token{Header: map[string]any{"alg": "EdDSA", "kid": kid}}
}

func ed25519JWK(t *testing.T, extra string) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q%s}`, base64.RawURLEncoding.EncodeToString(public), extra)
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestNewRefusesUnsafeAddresses(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"https://id.example.com/keys":        true,
		"http://localhost:8080/keys":         true,
		"http://127.0.0.1/keys":              true,
		"http://127.8.9.1/keys":              true,
		"http://[::1]:1/keys":                true,
		"":                                   false,
		"keys.json":                          false,
		"//id.example.com/keys":              false,
		"https:///keys":                      false,
		"file:///etc/passwd":                 false,
		"ftp://localhost/keys":               false,
		"http://id.example.com/keys":         false,
		"http://10.0.0.1/keys":               false,
		"http://169.254.169.254/keys":        false,
		"http://localhost.evil.com/keys":     false,
		"http://127.0.0.1.evil.com/keys":     false,
		"http://localhost@evil.com/keys":     false,
		"http://u:hunter2@evil.com/keys":     false,
		"http://u:hunter2@evil.com:bad/keys": false,
		"https://id.example.com:keys":        false,
	} {
		_, err := keyset.New(keyset.Options{URL: url})
		if (err == nil) != good {
			t.Errorf("%q: error %v, want accepted %t", url, err, good)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error shows the password: %v", url, err)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	var redirected atomic.Bool
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		redirected.Store(true)
		_, _ = w.Write([]byte(`{"keys":[]}`))
	})
	padding := strings.Repeat(" ", 1<<20)
	var packed bytes.Buffer // before a fetch begins, which has its time
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(padding)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"a redirect":           {http.RedirectHandler(other, http.StatusFound).ServeHTTP, "redirect"},
		"a permanent redirect": {http.RedirectHandler(other, http.StatusPermanentRedirect).ServeHTTP, "redirect"},
		"not found":            {http.NotFound, "status 404"},
		"an error":             {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "status 500"},
		"no content":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "status 204"},
		"a byte too much":      {write(`{"keys":[]}` + padding), "larger than 1 MiB"},
		"no end": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(padding)); err != nil {
					return
				}
			}
		}, "larger than 1 MiB"},
		"a hundred MiB, compressed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			for range 100 {
				if _, err := w.Write(packed.Bytes()); err != nil {
					return
				}
			}
		}, "larger than 1 MiB"},
		"an empty body":  {write(``), "parse key set"},
		"a page":         {write(`<html>login</html>`), "parse key set"},
		"no keys":        {write(`{}`), `no array "keys"`},
		"keys null":      {write(`{"keys":null}`), `no array "keys"`},
		"keys an object": {write(`{"keys":{}}`), "parse key set"},
		"a list":         {write(`[]`), "parse key set"},
		"too many keys":  {write(`{"keys":[` + strings.Repeat(`{},`, 256) + `{}]}`), "257 keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := keyset.New(keyset.Options{URL: serve(t, tc.handler)})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if _, err := s.Key(t.Context(), token("k")); !errors.Is(err, keyset.ErrUnavailable) {
				t.Errorf("error %v, want ErrUnavailable", err)
			}
			if s.Ready() == nil {
				t.Error("ready")
			}
		})
	}
	t.Cleanup(func() {
		if redirected.Load() {
			t.Error("a redirect was followed")
		}
	})
}

// A client that would follow redirects is not asked.
func TestClientOfTheCallerFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s, err := keyset.New(keyset.Options{URL: serve(t, http.RedirectHandler(other, http.StatusFound).ServeHTTP), Client: client})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	if client.CheckRedirect != nil {
		t.Error("the client of the caller was changed")
	}
}

func TestErrorsHideThePassword(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, err := keyset.New(keyset.Options{
		URL: "http://client:hunter2@127.0.0.1:1/keys?api_key=hunter2", Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err == nil || strings.Contains(err.Error()+log.String(), "hunter2") || !strings.Contains(log.String(), "refused") {
		t.Errorf("error %v, log %s", err, &log)
	}
}

// One key that is of no use does not keep the others out, and is not used itself.
func TestUnfitKeysAreLeftOut(t *testing.T) {
	t.Parallel()
	weak := errors.New("weak")
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := curve.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := base64.RawURLEncoding.EncodeToString(raw[1:33]), base64.RawURLEncoding.EncodeToString(raw[33:])
	unfit := map[string]string{
		"oct":            `{"kty":"oct","kid":"oct","k":"c2VjcmV0"}`,
		"enc":            ed25519JWK(t, `,"kid":"enc","use":"enc"`),
		"ops":            ed25519JWK(t, `,"kid":"ops","key_ops":["sign"]`),
		"weak":           fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":"weak","x":%q,"y":%q}`, x, y),
		"off-curve":      fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":"off-curve","x":%q,"y":%q}`, y, x),
		"unknown-kty":    `{"kty":"PQC","kid":"unknown-kty"}`,
		"unknown-crv":    `{"kty":"EC","crv":"secp256k1","kid":"unknown-crv","x":"AA","y":"AA"}`,
		"short":          `{"kty":"OKP","crv":"Ed25519","kid":"short","x":"AA"}`,
		"zero":           `{"kty":"RSA","kid":"zero","n":"","e":"AQAB"}`,
		"kid-number":     ed25519JWK(t, `,"kid":7`),
		"another-alg":    ed25519JWK(t, `,"kid":"another-alg","alg":"ES256"`),
		"not-an-object":  `"key"`,
		"nameless":       ed25519JWK(t, ``),
		"nameless-empty": ed25519JWK(t, `,"kid":""`),
	}
	keys := []json.RawMessage{json.RawMessage(ed25519JWK(t, `,"kid":"first","use":"sig","key_ops":["verify"],"alg":"EdDSA"`))}
	for _, key := range unfit {
		keys = append(keys, json.RawMessage(key))
	}
	keys = append(keys, json.RawMessage(ed25519JWK(t, `,"kid":"last","x5u":"http://127.0.0.1:1/cert","x5c":["AAAA"]`)))
	body, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	s, err := keyset.New(keyset.Options{
		URL: serve(t, write(string(body))),
		Now: func() time.Time { // each look-up is long after the one before
			now = now.Add(time.Minute)
			return now
		},
		Usable: func(key any) error {
			if _, ok := key.(*ecdsa.PublicKey); ok {
				return weak
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kid := range []string{"first", "last"} {
		if key, err := s.Key(t.Context(), token(kid)); err != nil {
			t.Errorf("%s: %v", kid, err)
		} else if _, ok := key.(ed25519.PublicKey); !ok {
			t.Errorf("%s is a %T", kid, key)
		}
	}
	for kid := range unfit {
		if key, err := s.Key(t.Context(), token(kid)); err == nil || errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("%s: key %v, error %v; want it to be unknown", kid, key, err)
		}
	}
	for _, kid := range []any{nil, "", 7, []string{"first"}, strings.Repeat("k", 256)} {
		if key, err := s.Key(t.Context(), token(kid)); err == nil {
			t.Errorf("kid %v gives %v", kid, key)
		}
	}
}

func write(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}
