package keyset_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"rowcast/internal/access/auth/keyset"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// issuer publishes keys without a network, so that its tests can run on a fake
// clock.
type issuer struct {
	keys map[string]*ecdsa.PrivateKey

	mu        sync.Mutex
	published []string
	away      bool
	slow      time.Duration
	fetches   []time.Time
	log       bytes.Buffer
}

func newIssuer(t *testing.T, published ...string) *issuer {
	t.Helper()
	i := &issuer{keys: map[string]*ecdsa.PrivateKey{}, published: published}
	for _, kid := range []string{"one", "two"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		i.keys[kid] = key
	}
	return i
}

// set makes a Set that fetches from the issuer.
func (i *issuer) set(t *testing.T) *keyset.Set {
	t.Helper()
	s, err := keyset.New(keyset.Options{
		URL: "https://id.example.com/keys", Client: &http.Client{Transport: i},
		Log: slog.New(slog.NewTextHandler(lockedWriter{i}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type lockedWriter struct{ i *issuer }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.i.mu.Lock()
	defer w.i.mu.Unlock()
	return w.i.log.Write(p)
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.fetches = append(i.fetches, time.Now())
	away, slow, published := i.away, i.slow, i.published
	i.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if away {
		return nil, errors.New("connection refused")
	}
	keys := []any{}
	for _, kid := range published {
		jwk, err := jwkset.NewJWKFromKey(i.keys[kid].Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: kid}})
		if err != nil {
			return nil, err
		}
		keys = append(keys, jwk.Marshal())
	}
	body, err := json.Marshal(map[string]any{"keys": keys})
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body))}, err
}

func (i *issuer) change(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.fetches)
}

// find asks for the key and checks that it is the right one.
func (i *issuer) find(s *keyset.Set, kid string) error {
	key, err := s.Key(context.Background(), &jwt.Token{Header: map[string]any{"alg": "ES256", "kid": kid}})
	if err == nil && !i.keys[kid].PublicKey.Equal(key) {
		return errors.New("another key")
	}
	return err
}

func TestRotatedKeyIsFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "one")
		s := i.set(t)
		if err := i.find(s, "one"); err != nil || i.count() != 1 {
			t.Fatalf("first use fetches the set: %v, %d fetches", err, i.count())
		}
		i.change(func() { i.published = []string{"one", "two"} })
		if err := i.find(s, "two"); !errors.Is(err, keyset.ErrUnavailable) || i.count() != 1 {
			t.Errorf("a moment after a fetch: %v, %d fetches; want ErrUnavailable", err, i.count())
		}
		time.Sleep(10 * time.Second)
		if err := i.find(s, "two"); err != nil || i.count() != 2 {
			t.Errorf("ten seconds later: %v, %d fetches", err, i.count())
		}
		if err := i.find(s, "one"); err != nil || i.count() != 2 {
			t.Errorf("the old key: %v, %d fetches", err, i.count())
		}
	})
}

func TestWithdrawnKeyIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "one", "two")
		s := i.set(t)
		if err := i.find(s, "one"); err != nil {
			t.Fatal(err)
		}
		i.change(func() { i.published = []string{"two"} })
		time.Sleep(10 * time.Second)
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := i.find(s, "one"); err == nil {
			t.Error("a withdrawn key is good")
		}
		if err := i.find(s, "two"); err != nil {
			t.Errorf("the other key: %v", err)
		}
		time.Sleep(10 * time.Second)
		if err := i.find(s, "one"); err == nil || errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("withdrawn key: %v; want it to be unknown", err)
		}
	})
}

// TestEmptySetReplacesNothing: an issuer that publishes no key, for once or for
// long, withdraws none, and nobody is refused for good for it.
func TestEmptySetReplacesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		s := i.set(t)
		if err := i.find(s, "one"); !errors.Is(err, keyset.ErrUnavailable) || s.Ready() == nil {
			t.Errorf("before there is a key: %v, ready: %v", err, s.Ready())
		}
		i.change(func() { i.published = []string{"one"} })
		time.Sleep(10 * time.Second)
		if err := i.find(s, "one"); err != nil {
			t.Fatal(err)
		}
		i.change(func() { i.published = nil })
		for range 3 {
			time.Sleep(10 * time.Second)
			if err := s.Refresh(t.Context()); err == nil {
				t.Error("an empty set is no error")
			}
			if err := i.find(s, "one"); err != nil || s.Ready() != nil {
				t.Errorf("a key from before the empty set: %v, ready: %v", err, s.Ready())
			}
			if err := i.find(s, "two"); !errors.Is(err, keyset.ErrUnavailable) {
				t.Errorf("a key that is not there yet: %v", err)
			}
		}
		i.change(func() { i.published = []string{"two"} })
		time.Sleep(10 * time.Second)
		if err := i.find(s, "two"); err != nil {
			t.Errorf("the new key: %v", err)
		}
	})
}

// TestUnknownIsSaidOfNow: that there is no such key is said by a fetch that began
// after the question, never by one that was under way or is over.
func TestUnknownIsSaidOfNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "one")
		i.slow = 2 * time.Second
		s := i.set(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := i.find(s, "no such key"); err == nil || errors.Is(err, keyset.ErrUnavailable) {
				t.Errorf("who has the set fetched: %v", err)
			}
		})
		time.Sleep(time.Second)
		i.change(func() { i.published = []string{"one", "two"} }) // too late for that fetch
		if err := i.find(s, "two"); !errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("who comes during a fetch: %v", err)
		}
		wg.Wait()
		if err := i.find(s, "two"); !errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("who comes after a fetch: %v", err)
		}
		time.Sleep(9 * time.Second)
		if err := i.find(s, "two"); err != nil || i.count() != 2 {
			t.Errorf("ten seconds after it began: %v, %d fetches", err, i.count())
		}
	})
}

// TestStrangersTurnNobodyAway: strangers that make up key ids as fast as they can
// keep nobody from a new key for longer than the gap between two fetches, and
// from a known one not at all.
func TestStrangersTurnNobodyAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "one")
		s := i.set(t)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				for ctx.Err() == nil {
					_ = i.find(s, rand.Text())
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		time.Sleep(15 * time.Second)
		i.change(func() { i.published = []string{"one", "two"} })
		rotated := time.Now()
		for err := i.find(s, "two"); err != nil; err = i.find(s, "two") {
			if !errors.Is(err, keyset.ErrUnavailable) || time.Since(rotated) > 10*time.Second {
				t.Fatalf("after %s: %v", time.Since(rotated), err)
			}
			if err := i.find(s, "one"); err != nil {
				t.Fatalf("the known key: %v", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		cancel()
		wg.Wait()
	})
}

// Ten thousand tokens with made-up key ids in a hundred seconds, many at once.
func TestUnknownKeysDoNotFloodTheIssuer(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]bool{"issuer there": false, "issuer away": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				i := newIssuer(t, "one")
				i.slow = time.Second
				s := i.set(t)
				if err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				i.change(func() { i.away = away })
				var wg sync.WaitGroup
				for range 1000 {
					for range 10 {
						wg.Go(func() {
							if err := i.find(s, rand.Text()); err == nil {
								t.Error("an unknown key was found")
							}
						})
					}
					time.Sleep(100 * time.Millisecond)
				}
				wg.Wait()
				if n := i.count(); n < 8 || n > 11 {
					t.Errorf("%d fetches in about 100 s", n)
				}
				for n := 1; n < len(i.fetches); n++ {
					if gap := i.fetches[n].Sub(i.fetches[n-1]); gap < 10*time.Second {
						t.Errorf("fetches %v apart", gap)
					}
				}
				if err := i.find(s, "one"); err != nil {
					t.Errorf("the known key: %v", err)
				}
			})
		})
	}
}

func TestKeysStayWhileTheIssuerIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "one")
		s := i.set(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()

		i.change(func() { i.away, i.published = true, []string{"one", "two"} })
		time.Sleep(time.Hour)
		if err := i.find(s, "one"); err != nil || s.Ready() != nil {
			t.Errorf("known key: %v, ready: %v", err, s.Ready())
		}
		if err := i.find(s, "two"); !errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("new key: %v, want ErrUnavailable", err)
		}
		i.change(func() { i.away = false })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if err := i.find(s, "two"); err != nil {
			t.Errorf("ten seconds after the issuer is back: %v", err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		log := i.log.String()
		if warned, loaded := strings.Count(log, "key set unavailable"), strings.Count(log, "key set loaded"); warned != 1 || loaded != 2 {
			t.Errorf("an outage of an hour makes %d warnings, %d times loaded:\n%s", warned, loaded, log)
		}
	})
}

func TestRunRefreshes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		away  bool
		every time.Duration
	}{
		"every five minutes":       {false, 5 * time.Minute},
		"every ten seconds if bad": {true, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				i := newIssuer(t, "one")
				i.away = tc.away
				s := i.set(t)
				if err := s.Ready(); err == nil {
					t.Error("ready before the first fetch")
				}
				ctx, cancel := context.WithTimeout(t.Context(), 3*tc.every+time.Second)
				defer cancel()
				if err := s.Run(ctx); err != nil {
					t.Errorf("Run: %v", err)
				}
				if len(i.fetches) != 4 {
					t.Fatalf("%d fetches at %v", len(i.fetches), i.fetches)
				}
				for n := 1; n < len(i.fetches); n++ {
					if gap := i.fetches[n].Sub(i.fetches[n-1]); gap != tc.every {
						t.Errorf("fetches %v apart, want %v", gap, tc.every)
					}
				}
				if (s.Ready() == nil) == tc.away {
					t.Errorf("ready: %v", s.Ready())
				}
			})
		})
	}
}

// An issuer that accepts and never answers holds nobody up for long.
func TestStuckIssuer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "one")
		i.slow = time.Hour
		s := i.set(t)
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := i.find(s, "one"); !errors.Is(err, keyset.ErrUnavailable) || time.Since(start) != 5*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := s.Key(ctx, &jwt.Token{Header: map[string]any{"alg": "ES256", "kid": "one"}})
			if !errors.Is(err, keyset.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("a request that gives up after 1s, after %v: %v", time.Since(start), err)
			}
		})
		wg.Wait()

		time.Sleep(10 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		stop := time.Now()
		cancel()
		if err := <-done; err != nil || time.Since(stop) != 0 {
			t.Errorf("Run ended %v after its context: %v", time.Since(stop), err)
		}
	})
}

// The request that started a fetch may go away; those who wait get its keys.
func TestFetchOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "one")
		i.slow = 2 * time.Second
		s := i.set(t)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, _ = s.Key(ctx, &jwt.Token{Header: map[string]any{"alg": "ES256", "kid": "one"}})
		})
		synctest.Wait()
		cancel()
		wg.Go(func() {
			if err := i.find(s, "one"); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if i.count() != 1 {
			t.Errorf("%d fetches", i.count())
		}
	})
}
