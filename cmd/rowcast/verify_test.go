package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/demo/inventory"
)

// issuer signs tokens with a key of its own.
type issuer struct {
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func newIssuer(t *testing.T) issuer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{public, private}
}

func (i issuer) token(t *testing.T, tenant string) string {
	t.Helper()
	return i.sign(t, "one", tenant)
}

// sign makes a token that names a key.
func (i issuer) sign(t *testing.T, kid, tenant string) string {
	t.Helper()
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"sub": "ada", "exp": time.Now().Add(time.Hour).Unix(), "tenant_id": tenant,
	})
	unsigned.Header["kid"] = kid
	text, err := unsigned.SignedString(i.private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// decides checks that the server takes the tokens of the issuer and of nobody
// else.
func (i issuer) decides(t *testing.T, url string) {
	t.Helper()
	c, err := dialFeed(t.Context(), url, i.token(t, inventory.AcmeID))
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	c.send(t, map[string]any{"type": "join-tenant", "tenantId": inventory.AcmeID})
	c.until(t, "joined", func(m message) bool { return m.Type == "joined" })
	for who, foreign := range map[string]string{
		"another issuer": newIssuer(t).token(t, inventory.AcmeID), "JWT_SECRET": token(t, inventory.AcmeID),
	} {
		c, err := dialFeed(t.Context(), url, foreign)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := c.next(); err == nil {
			t.Errorf("a token of %s is answered with %+v", who, m)
		} else if !strings.Contains(err.Error(), "4501") {
			t.Errorf("a token of %s: %v; want close code 4501", who, err)
		}
		_ = c.conn.Close()
	}
}

func TestServeWithAKeyFile(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	der, err := x509.MarshalPKIXPublicKey(i.public)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	url, _ := serve(t, newEnv(t), "JWT_SECRET=", "JWT_PUBLIC_KEY_FILE="+file, "FRONTEND_URL=https://app.example", "ORIGIN=https://two.example")
	i.decides(t, url)

	for origin, allowed := range map[string]bool{
		"https://app.example": true, "https://two.example": true, "https://evil.example": false, "http://app.example": false,
	} {
		c, err := dialFrom(t.Context(), url, i.token(t, inventory.AcmeID), http.Header{"Origin": {origin}})
		if allowed {
			if err != nil {
				t.Errorf("origin %s: %v", origin, err)
				continue
			}
			_ = c.conn.Close()
		} else if err == nil || !strings.Contains(err.Error(), "403 Forbidden") {
			t.Errorf("origin %s: %v; want it forbidden", origin, err)
		}
	}
}

func TestServeWithAKeySet(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"one","x":%q}]}`,
			base64.RawURLEncoding.EncodeToString(i.public))
	}))
	defer keys.Close()
	url, _ := serve(t, newEnv(t), "JWT_SECRET=", "JWKS_URL="+keys.URL)
	i.decides(t, url)
}
