package auth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"rowcast/internal/access/auth"
)

func TestNewNeedsAKey(t *testing.T) {
	t.Parallel()
	_, err := auth.New(t.Context(), auth.Options{Issuer: "i", Secret: []byte{}})
	for _, name := range []string{"JWT_SECRET", "JWT_PUBLIC_KEY_FILE", "JWKS_URL"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not name %s", err, name)
		}
	}
	if _, err := auth.New(t.Context(), auth.Options{Secret: []byte(secret), JWKSURL: "http://id.example.com/keys"}); err == nil || !strings.Contains(err.Error(), "JWKS_URL") {
		t.Errorf("unsafe address: %v", err)
	}
}

func TestShortSecretIsWarnedAbout(t *testing.T) {
	t.Parallel()
	for secret, warned := range map[string]bool{strings.Repeat("s", 31): true, strings.Repeat("s", 32): false} {
		var log bytes.Buffer
		newVerifier(t, auth.Options{Secret: []byte(secret), Log: slog.New(slog.NewTextHandler(&log, nil))})
		if got := strings.Contains(log.String(), "level=WARN"); got != warned || strings.Contains(log.String(), secret) {
			t.Errorf("%d bytes: log %q", len(secret), log.String())
		}
	}
}

func TestMintedTokenVerifies(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, auth.Options{Secret: []byte(secret), Issuer: "i", Audience: "a"})
	for _, tenants := range [][]string{nil, {"T"}, {"T", "U"}} {
		before := time.Now().Truncate(time.Second)
		token, err := auth.Mint([]byte(secret), auth.MintClaims{
			Subject: "ada", Name: "Ada", Role: "clerk", Tenants: tenants, Issuer: "i", Audience: "a", TokenID: "1",
		}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		id, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if id.IssuedAt.Before(before) || !id.Expires.Equal(id.IssuedAt.Add(time.Hour)) {
			t.Errorf("issued at %v, expires %v", id.IssuedAt, id.Expires)
		}
		id.IssuedAt, id.Expires = time.Time{}, time.Time{}
		want := auth.Identity{Subject: "ada", Name: "Ada", Roles: []string{"clerk"}, Tenants: tenants, TokenID: "1"}
		if len(id.Claims) == 0 {
			t.Error("the claims are not kept")
		}
		id.Claims = nil
		if diff := cmp.Diff(want, id); diff != "" {
			t.Errorf("identity differs (-want +got):\n%s", diff)
		}
	}
	for name, mint := range map[string]func() (string, error){
		"no secret":  func() (string, error) { return auth.Mint(nil, auth.MintClaims{Subject: "ada"}, time.Hour) },
		"no subject": func() (string, error) { return auth.Mint([]byte(secret), auth.MintClaims{}, time.Hour) },
		"no time":    func() (string, error) { return auth.Mint([]byte(secret), auth.MintClaims{Subject: "ada"}, 0) },
		"past":       func() (string, error) { return auth.Mint([]byte(secret), auth.MintClaims{Subject: "ada"}, -time.Hour) },
		"bad tenant": func() (string, error) {
			return auth.Mint([]byte(secret), auth.MintClaims{Subject: "ada", Tenants: []string{"T\n"}}, time.Hour)
		},
		"bad subject": func() (string, error) { return auth.Mint([]byte(secret), auth.MintClaims{Subject: "a\x00"}, time.Hour) },
	} {
		if token, err := mint(); err == nil {
			t.Errorf("%s: minted %s", name, token)
		}
	}
}

// A token over the limit is refused for what it costs to look at its length.
func TestLongTokensAreNotParsed(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, auth.Options{Secret: []byte(secret)})
	dots := strings.Repeat(".", 1<<20)
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := v.Verify(b.Context(), dots); !errors.Is(err, auth.ErrInvalid) {
				b.Fatal(err)
			}
		}
	})
	if result.AllocedBytesPerOp() > 1024 {
		t.Errorf("1 MiB of dots costs %s", result.MemString())
	}

	// One byte decides: at the limit a token is still read.
	claims := goodClaims()
	claims["pad"] = ""
	shorter := len(sign(t, jwt.SigningMethodHS256, []byte(secret), nil, claims))
	claims["pad"] = strings.Repeat("x", (8192-shorter)*3/4)
	token := sign(t, jwt.SigningMethodHS256, []byte(secret), nil, claims)
	if len(token) < 8185 || len(token) > 8192 {
		t.Fatalf("the token has %d bytes", len(token))
	}
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("token of %d bytes: %v", len(token), err)
	}
	_, err := v.Verify(t.Context(), token+strings.Repeat("A", 8193-len(token)))
	if !errors.Is(err, auth.ErrInvalid) || auth.PublicText(err) != "token is longer than 8 KiB" {
		t.Errorf("one byte over: %v", err)
	}
	if _, err := v.Verify(t.Context(), ""); !errors.Is(err, auth.ErrNoToken) {
		t.Errorf("empty: %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The issuer is away when we start. Tokens that need its keys are answered with
// ErrUnavailable, others are not held up, and Run brings the keys.
func TestIssuerAwayAtStart(t *testing.T) {
	t.Parallel()
	k := testKeys()
	jwk, err := jwkset.NewJWKFromKey(k.p256.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "ec"}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"keys": []any{jwk.Marshal()}})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(time.Minute)
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			if time.Now().Before(back) {
				return nil, errors.New("connection refused")
			}
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}, nil
		})}
		v := newVerifier(t, auth.Options{Secret: []byte(secret), JWKSURL: "https://id.example.com/keys", HTTPClient: client})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- v.Run(ctx) }()

		token := sign(t, jwt.SigningMethodES256, k.p256, map[string]any{"kid": "ec"}, goodClaims())
		_, err := v.Verify(t.Context(), token)
		if !errors.Is(err, auth.ErrUnavailable) || errors.Is(err, auth.ErrInvalid) || v.Ready() == nil {
			t.Errorf("error %v, want ErrUnavailable; ready: %v", err, v.Ready())
		}
		if _, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodHS256, []byte(secret), nil, goodClaims())); err != nil {
			t.Errorf("token of the secret: %v", err)
		}
		time.Sleep(time.Until(back) + 10*time.Second)
		synctest.Wait()
		if err := v.Ready(); err != nil {
			t.Errorf("ready: %v", err)
		}
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Errorf("after the issuer is back: %v", err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestRotationTurnsNobodyAway: whatever strangers send and the issuer answers, a
// token of a key that it publishes is refused for now at most, and for ten seconds
// at most. One of a key that it never publishes is refused for good in the end.
func TestRotationTurnsNobodyAway(t *testing.T) {
	t.Parallel()
	k := testKeys()
	published := func(keys map[string]any) []byte {
		marshalled := []any{}
		for kid, key := range keys {
			jwk, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: kid}})
			if err != nil {
				t.Fatal(err)
			}
			marshalled = append(marshalled, jwk.Marshal())
		}
		body, err := json.Marshal(map[string]any{"keys": marshalled})
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	before := published(map[string]any{"old": k.p256.Public()})
	after := published(map[string]any{"old": k.p256.Public(), "new": k.p384.Public()})
	synctest.Test(t, func(t *testing.T) {
		answer := before
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(answer))}, nil
		})}
		v := newVerifier(t, auth.Options{JWKSURL: "https://id.example.com/keys", HTTPClient: client})
		old := sign(t, jwt.SigningMethodES256, k.p256, map[string]any{"kid": "old"}, goodClaims())
		fresh := sign(t, jwt.SigningMethodES384, k.p384, map[string]any{"kid": "new"}, goodClaims())
		check := func(when, token string, want error) {
			t.Helper()
			if _, err := v.Verify(t.Context(), token); !errors.Is(err, want) || (want == nil) != (err == nil) {
				t.Errorf("%s: %v; want %v", when, err, want)
			}
		}
		stranger := func() string {
			return sign(t, jwt.SigningMethodES256, k.p256, map[string]any{"kid": rand.Text()}, goodClaims())
		}
		for second := range 60 {
			switch second {
			case 11: // as its cache begins anew
				answer = published(nil)
			case 22:
				answer = after
			}
			_, _ = v.Verify(t.Context(), stranger())
			check("the old key", old, nil)
			switch {
			case second >= 32:
				check("the new key", fresh, nil)
			case second >= 11 && second < 22:
				check("the new key, too early", fresh, auth.ErrUnavailable)
			case second >= 22:
				if _, err := v.Verify(t.Context(), fresh); err != nil && !errors.Is(err, auth.ErrUnavailable) {
					t.Errorf("the new key after %d s: %v", second, err)
				}
			}
			time.Sleep(time.Second)
		}
		time.Sleep(10 * time.Second)
		check("a key that is never published", stranger(), auth.ErrInvalid)
		check("another one, a moment later", stranger(), auth.ErrUnavailable)
	})
}

func TestRunWithoutKeySetWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, auth.Options{Secret: []byte(secret)})
		if err := v.Ready(); err != nil {
			t.Errorf("ready: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- v.Run(ctx) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Errorf("Run returned %v before its context ended", err)
		default:
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}
