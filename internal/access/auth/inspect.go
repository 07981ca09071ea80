package auth

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"time"

	"rowcast/internal/access/auth/keyset"
)

// KeyFile is what a key file holds.
type KeyFile struct {
	// Keys is how many public keys there are.
	Keys int
	// Expires is when the first of its certificates does; zero without one. It
	// is for people: a Verifier does not look at it.
	Expires time.Time
}

// InspectKeyFile reads a key file as New does.
func InspectKeyFile(path string) (KeyFile, error) {
	keys, err := readKeys(path)
	if err != nil {
		return KeyFile{}, fmt.Errorf("read %s: %w", path, err)
	}
	found := KeyFile{Keys: len(keys)}
	rest, err := os.ReadFile(path)
	if err != nil {
		return KeyFile{}, fmt.Errorf("read %s: %w", path, err)
	}
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err == nil && (found.Expires.IsZero() || c.NotAfter.Before(found.Expires)) {
			found.Expires = c.NotAfter
		}
	}
	return found, nil
}

// InspectKeySet fetches a key set once, as a Verifier does, and counts the keys
// that verify tokens; none is an error. client may be nil.
func InspectKeySet(ctx context.Context, url string, client *http.Client) (count int, err error) {
	set, err := keyset.New(keyset.Options{URL: url, Client: client, Usable: func(key any) error {
		err := usable(key)
		if err == nil {
			count++
		}
		return err
	}})
	if err != nil {
		return 0, err
	}
	if err := set.Refresh(ctx); err != nil {
		return 0, err
	}
	return count, nil
}
