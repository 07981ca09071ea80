package keyset_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/access/auth/keyset"
)

// TestKeyIsFoundWithoutItsName: a token that names no key is good by any key of the
// set, and by a new one as soon as one that is named.
func TestKeyIsFoundWithoutItsName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "one")
		s := i.set(t)
		of := func(kid string) error {
			key, err := s.Find(context.Background(), "ES256", func(keys []any) any {
				for _, key := range keys {
					if i.keys[kid].PublicKey.Equal(key.(*ecdsa.PublicKey)) {
						return key
					}
				}
				return nil
			})
			if (err == nil) != (key != nil) {
				t.Errorf("key %v, error %v", key, err)
			}
			return err
		}
		if err := of("one"); err != nil {
			t.Errorf("the first token has it fetched: %v", err)
		}
		i.change(func() { i.published = []string{"one", "two"} })
		if err := of("two"); !errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("a new key, a moment after a fetch: %v", err)
		}
		time.Sleep(10 * time.Second)
		if err := of("two"); err != nil {
			t.Errorf("a new key, ten seconds later: %v", err)
		}
		time.Sleep(10 * time.Second)
		i.change(func() { i.published = []string{"two"} })
		if err := of("one"); err != nil { // nothing has it fetched
			t.Errorf("the old key: %v", err)
		}
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if err := of("one"); err == nil || errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("a key that was withdrawn: %v; want it refused for good", err)
		}
		time.Sleep(10 * time.Second)
		i.change(func() { i.away = true })
		if err := of("one"); !errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("the issuer is away: %v", err)
		}
	})
}

// TestNamelessKeys: keys without kid serve tokens without kid, each for the
// algorithm that it says.
func TestNamelessKeys(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf(`{"keys":[%s,%s,%s]}`, ed25519JWK(t, ``), ed25519JWK(t, `,"kid":"","alg":"EdDSA"`), ed25519JWK(t, `,"kid":"named"`))
	s, err := keyset.New(keyset.Options{URL: serve(t, write(body))})
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, want := range map[string]int{"EdDSA": 3, "ES256": 2} {
		var found int
		key, err := s.Find(t.Context(), algorithm, func(keys []any) any {
			if found = len(keys); found > 0 {
				return keys[0]
			}
			return nil
		})
		if _, ok := key.(ed25519.PublicKey); !ok || err != nil || found != want {
			t.Errorf("%s: %d keys, %v, %v; want %d", algorithm, found, key, err, want)
		}
	}
}
