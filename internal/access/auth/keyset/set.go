package keyset

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// refreshEvery is how often the set is fetched when all is well.
	refreshEvery = 5 * time.Minute
	// refreshGap is the least time between two fetches, whatever the reason:
	// tokens with made-up key ids cannot make us flood the issuer.
	refreshGap = 10 * time.Second
	// fetchTimeout bounds one fetch.
	fetchTimeout = 5 * time.Second
	// maxKID is the longest key id that is looked up, in bytes.
	maxKID = 255
)

// ErrUnavailable: it is not known yet whether the key exists, because the set was not
// fetched since the token came. A later try helps.
var ErrUnavailable = errors.New("the key is not at hand")

// Options says where a Set comes from.
type Options struct {
	// URL is where the issuer publishes the set.
	URL string
	// Usable refuses public keys that are too weak or of no use. All are taken
	// without it.
	Usable func(key any) error
	// Client is a plain HTTP client unless set. Redirects are refused whatever
	// it says.
	Client *http.Client
	// Now is time.Now unless set.
	Now func() time.Time
	// Log is silent unless set.
	Log *slog.Logger
}

// Set is a key set that is kept fresh. It is safe for concurrent use.
type Set struct {
	options Options
	lookup  keyfunc.Keyfunc

	mu          sync.Mutex
	lastAttempt time.Time
	// lastErr is how the last fetch that ended went.
	lastErr error
	// ended is true once a fetch has ended, loaded once one has succeeded.
	ended, loaded bool
	// fetching is closed when the fetch under way ends; nil without one.
	fetching chan struct{}
}

// New checks the options. It fetches nothing.
func New(o Options) (*Set, error) {
	if err := checkURL(o.URL); err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	if o.Client != nil {
		client = *o.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o.Client = &client
	if o.Usable == nil {
		o.Usable = func(any) error { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Set{options: o, lastErr: errors.New("not fetched yet")}
	var err error
	if s.lookup, err = keyfunc.New(keyfunc.Options{Storage: storage{jwkset.NewMemoryStorage(), s}}); err != nil {
		return nil, fmt.Errorf("make key lookup: %w", err)
	}
	return s, nil
}

// Key returns the key that the token names in its header. The error is ErrUnavailable
// unless a fetch that began after the token came says that there is no such key.
func (s *Set) Key(ctx context.Context, token *jwt.Token) (any, error) {
	kid, _ := token.Header["kid"].(string)
	if kid == "" || len(kid) > maxKID {
		return nil, errors.New("header kid names no key")
	}
	key, err := s.lookup.KeyfuncCtx(ctx)(token)
	if err != nil {
		return nil, fmt.Errorf("look up key: %w", err)
	}
	return key, nil
}

// Find returns the key that choose takes, not nil, among those for an algorithm. It is
// for tokens that name no key. The error is ErrUnavailable unless a fetch that began
// after the token came brought nothing to choose.
func (s *Set) Find(ctx context.Context, algorithm string, choose func(keys []any) any) (any, error) {
	if key, err := s.choose(ctx, algorithm, choose); key != nil || err != nil {
		return key, err
	}
	own, err := s.refresh(ctx, context.WithoutCancel(ctx))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	key, err := s.choose(ctx, algorithm, choose)
	switch {
	case key != nil || err != nil:
		return key, err
	case !own:
		return nil, fmt.Errorf("%w: the token names no key, and the set had none for it a moment ago", ErrUnavailable)
	}
	return nil, errors.New("the token names no key, and none of the set has signed it")
}

// choose has one of the present keys chosen.
func (s *Set) choose(ctx context.Context, algorithm string, choose func(keys []any) any) (any, error) {
	all, err := s.lookup.Storage().KeyReadAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	keys := make([]any, 0, len(all))
	for _, jwk := range all {
		if of := jwk.Marshal().ALG.String(); of == "" || of == algorithm {
			keys = append(keys, jwk.Key())
		}
	}
	return choose(keys), nil
}

// storage is where the lookup finds keys: those of the newest answer, fetched
// again when one is not among them.
type storage struct {
	jwkset.Storage

	set *Set
}

func (s storage) KeyRead(ctx context.Context, kid string) (jwkset.JWK, error) {
	jwk, err := s.Storage.KeyRead(ctx, kid)
	if err == nil {
		return jwk, nil
	}
	// Others may wait for the same fetch, so it does not end with this request.
	own, err := s.set.refresh(ctx, context.WithoutCancel(ctx))
	if err != nil {
		return jwkset.JWK{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if jwk, err = s.Storage.KeyRead(ctx, kid); err != nil && !own {
		return jwkset.JWK{}, fmt.Errorf("%w: the set did not have it a moment ago: %w", ErrUnavailable, err)
	}
	return jwk, err
}

// Ready is nil once the set was loaded.
func (s *Set) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded {
		return nil
	}
	return fmt.Errorf("key set was never loaded: %w", s.lastErr)
}
