package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"rowcast/internal/access/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a secret of more than thirty-two bytes"

// keys are made once: RSA keys take their time.
type keys struct {
	rsa, otherRSA, weakRSA *rsa.PrivateKey
	p224, p256, p384, p521 *ecdsa.PrivateKey
	ed                     ed25519.PrivateKey
}

var testKeys = sync.OnceValue(func() *keys {
	newRSA := func(bits int) *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		return key
	}
	newEC := func(curve elliptic.Curve) *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		return key
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return &keys{
		rsa: newRSA(2048), otherRSA: newRSA(2048), weakRSA: newRSA(1024),
		p224: newEC(elliptic.P224()), p256: newEC(elliptic.P256()), p384: newEC(elliptic.P384()), p521: newEC(elliptic.P521()), ed: ed,
	}
})

// goodClaims are accepted by every verifier of the tests.
func goodClaims() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"sub": "ada", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "tenant_id": "T"}
}

// with changes claims; a nil value removes one.
func with(changes map[string]any) jwt.MapClaims {
	claims := goodClaims()
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

// sign makes a token; header entries that are nil are left out.
func sign(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, claims jwt.Claims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	maps.Copy(token.Header, header)
	maps.DeleteFunc(token.Header, func(_ string, v any) bool { return v == nil })
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	return signed
}

func encode(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }

func publicPEM(t testing.TB, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// keyFile writes a key file.
func keyFile(t testing.TB, content ...[]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	var all []byte
	for _, c := range content {
		all = append(all, c...)
	}
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newVerifier(t testing.TB, o auth.Options) *auth.Verifier {
	t.Helper()
	v, err := auth.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// signText makes a token with claims as they are written.
func signText(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, claims string) string {
	t.Helper()
	return sign(t, method, key, header, rawClaims(claims))
}

// rawClaims are claims as they are written.
type rawClaims string

func (c rawClaims) MarshalJSON() ([]byte, error) { return []byte(c), nil }

func (rawClaims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (rawClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (rawClaims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (rawClaims) GetIssuer() (string, error)                   { return "", nil }
func (rawClaims) GetSubject() (string, error)                  { return "", nil }
func (rawClaims) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }
