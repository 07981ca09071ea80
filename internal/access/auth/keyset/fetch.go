package keyset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/MicahParks/jwkset"
)

const (
	// maxBody is the largest key set that is read, in bytes.
	maxBody = 1 << 20
	// maxKeys is the most keys that a set may hold.
	maxKeys = 256
)

// checkURL refuses addresses whose answer somebody on the way could change.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("not a URL; want https://…")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q is no web address; want https://…", shown(u))
	case u.Scheme == "http" && !loopback:
		return fmt.Errorf("%q is not https: whoever can change its answer could sign tokens", shown(u))
	}
	return nil
}

// shown is an address without what may be secret: user and query.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// fetch gets the usable keys of the set.
func (s *Set) fetch(ctx context.Context) ([]jwkset.JWK, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.options.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	req.Header.Set("User-Agent", "rowcast")
	resp, err := s.options.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch key set: %w", withoutURL(err))
	}
	defer resp.Body.Close()
	if to := resp.Header.Get("Location"); resp.StatusCode/100 == 3 && to != "" {
		where := "another address"
		if u, err := url.Parse(to); err == nil {
			where = strconv.Quote(shown(u))
		}
		return nil, fmt.Errorf("fetch key set: the answer is a redirect to %s; set JWKS_URL to where the set is", where)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch key set: status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	if len(body) > maxBody {
		return nil, errors.New("read key set: larger than 1 MiB")
	}
	return s.parse(ctx, body)
}

// withoutURL takes URLs, which may hold a password, off an error of net/http: ours, and
// where the answer leads if that is no URL.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if strings.Contains(err.Error(), "Location header") {
		return errors.New("the answer is a redirect to what is no address")
	}
	return err
}

func (s *Set) parse(ctx context.Context, body []byte) ([]jwkset.JWK, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("parse key set: %w", err)
	}
	if set.Keys == nil {
		return nil, errors.New(`parse key set: no array "keys"`)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("parse key set: %d keys; want at most %d", len(set.Keys), maxKeys)
	}
	keys := make([]jwkset.JWK, 0, len(set.Keys))
	for i, raw := range set.Keys {
		key, err := s.parseKey(raw)
		if err != nil {
			s.options.Log.DebugContext(ctx, "key of key set not used", "index", i, "reason", err)
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// parseKey refuses keys that must not or cannot verify our tokens.
func (s *Set) parseKey(raw json.RawMessage) (jwkset.JWK, error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(raw, &m); err != nil {
		return jwkset.JWK{}, fmt.Errorf("parse key: %w", err)
	}
	switch {
	case m.KTY == jwkset.KtyOct:
		return jwkset.JWK{}, errors.New("a symmetric key is no public key")
	case m.USE != "" && m.USE != jwkset.UseSig:
		return jwkset.JWK{}, errors.New("the key is not for signatures")
	case len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify):
		return jwkset.JWK{}, errors.New("the key is not for verifying")
	}
	// Certificates add nothing to a key that came over a trusted connection.
	m.X5C, m.X5T, m.X5TS256, m.X5U = nil, "", "", ""
	key, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return jwkset.JWK{}, fmt.Errorf("read key: %w", err)
	}
	if err := s.options.Usable(key.Key()); err != nil {
		return jwkset.JWK{}, fmt.Errorf("use key: %w", err)
	}
	return key, nil
}
