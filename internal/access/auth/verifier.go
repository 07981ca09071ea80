package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/access/auth/keyset"
)

const (
	// maxToken is the longest token that is looked at, in bytes.
	maxToken = 8 << 10
	// strongSecret is the shortest secret that is accepted without a warning,
	// in bytes: the length of an HS256 signature.
	strongSecret = 32
)

// Options says which tokens a Verifier accepts. At least one of Secret,
// PublicKeyFile and JWKSURL is needed.
type Options struct {
	// Secret verifies HS256, HS384 and HS512 tokens.
	Secret []byte
	// PublicKeyFile names a PEM file with one or more public keys or
	// certificates, for RS, PS, ES and EdDSA tokens.
	PublicKeyFile string
	// JWKSURL is where the issuer publishes its key set.
	JWKSURL string
	// Issuer and Audience must be in the token when set.
	Issuer, Audience string
	// Claims names the claims that are read.
	Claims ClaimNames
	// Leeway allows for clocks that differ, in nbf and iat. There is none for exp:
	// no event may follow it.
	Leeway time.Duration
	// Now is time.Now unless set.
	Now func() time.Time
	// Log is silent unless set.
	Log *slog.Logger
	// HTTPClient fetches the key set. Redirects are refused whatever it says.
	HTTPClient *http.Client
}

// Verifier turns tokens into identities. It is safe for concurrent use.
type Verifier struct {
	sources []source
	remote  *keyset.Set // nil without JWKSURL
	now     func() time.Time

	issuer, audience string
	names            claimNames
	leeway           time.Duration
}

// source is one place that keys come from.
type source struct {
	// name is the setting, for the log.
	name string
	// algorithms are those of its keys.
	algorithms []string
	// parser accepts only the algorithms of the keys of this source.
	parser *jwt.Parser
	keys   keyFunc
}

// keyFunc returns the key that may have signed a token.
type keyFunc func(ctx context.Context, token *jwt.Token) (any, error)

// New makes a Verifier. It reads the key file and tries once to fetch the key set,
// for at most five seconds; if that does not succeed, Run and Verify try again.
func New(ctx context.Context, o Options) (*Verifier, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.Secret) == 0 && o.PublicKeyFile == "" && o.JWKSURL == "" {
		return nil, errors.New("nothing to verify tokens with: set JWT_SECRET, JWT_PUBLIC_KEY_FILE or JWKS_URL")
	}
	v := &Verifier{now: o.Now, issuer: o.Issuer, audience: o.Audience, names: o.Claims.lists(), leeway: max(0, o.Leeway)}
	if len(o.Secret) > 0 {
		if len(o.Secret) < strongSecret {
			o.Log.WarnContext(ctx, "jwt secret is short and can be guessed", "bytes", len(o.Secret), "recommended", strongSecret)
		}
		v.sources = append(v.sources, newSource("JWT_SECRET", secretAlgorithms(), secretKey(o.Secret)))
	}
	if o.PublicKeyFile != "" {
		keys, err := readKeys(o.PublicKeyFile)
		if err != nil {
			return nil, fmt.Errorf("read JWT_PUBLIC_KEY_FILE %s: %w", o.PublicKeyFile, err)
		}
		v.sources = append(v.sources, newSource("JWT_PUBLIC_KEY_FILE", publicKeyAlgorithms(), fileKeys(keys)))
	}
	if o.JWKSURL != "" {
		remote, err := keyset.New(keyset.Options{
			URL: o.JWKSURL, Usable: usable, Client: o.HTTPClient, Now: o.Now, Log: o.Log,
		})
		if err != nil {
			return nil, fmt.Errorf("use JWKS_URL: %w", err)
		}
		v.remote = remote
		v.sources = append(v.sources, newSource("JWKS_URL", publicKeyAlgorithms(), issuerKeys(remote)))
		_ = remote.Refresh(ctx) // remembered and logged there
	}
	return v, nil
}

// newSource makes a source. Its parser checks the form and the signature; the claims
// are read by claimReader.
func newSource(name string, algorithms []string, keys keyFunc) source {
	return source{name, algorithms, jwt.NewParser(
		jwt.WithValidMethods(algorithms), jwt.WithStrictDecoding(), jwt.WithJSONNumber(), jwt.WithoutClaimsValidation(),
	), keys}
}

// Run keeps the key set fresh until ctx ends.
func (v *Verifier) Run(ctx context.Context) error {
	if v.remote == nil {
		<-ctx.Done()
		return nil
	}
	return v.remote.Run(ctx)
}

// Ready is nil when every source has keys. Until then some tokens are answered
// with ErrUnavailable.
func (v *Verifier) Ready() error {
	if v.remote == nil {
		return nil
	}
	return v.remote.Ready()
}
