package auth_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/access/auth"
)

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Each file verifies what its keys signed, with every algorithm of their family,
// and nothing else.
func TestKeyFiles(t *testing.T) {
	t.Parallel()
	k := testKeys()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(-time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, k.rsa.Public(), k.rsa)
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{}
	for method, key := range map[jwt.SigningMethod]any{
		jwt.SigningMethodRS256: k.rsa, jwt.SigningMethodRS384: k.rsa, jwt.SigningMethodRS512: k.rsa,
		jwt.SigningMethodPS256: k.rsa, jwt.SigningMethodPS384: k.rsa, jwt.SigningMethodPS512: k.rsa,
		jwt.SigningMethodES256: k.p256, jwt.SigningMethodES384: k.p384, jwt.SigningMethodES512: k.p521, jwt.SigningMethodEdDSA: k.ed,
	} {
		tokens[method.Alg()] = sign(t, method, key, nil, goodClaims())
	}
	tokens["other-RS256"] = sign(t, jwt.SigningMethodRS256, k.otherRSA, nil, goodClaims())

	const rsaAll = "RS256 RS384 RS512 PS256 PS384 PS512"
	for name, tc := range map[string]struct {
		content [][]byte
		accepts string
	}{
		"RSA, PKIX":         {[][]byte{publicPEM(t, k.rsa.Public())}, rsaAll},
		"RSA, PKCS1":        {[][]byte{block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&k.rsa.PublicKey))}, rsaAll},
		"RSA, certificate":  {[][]byte{block("CERTIFICATE", certificate)}, rsaAll},
		"EC P-256":          {[][]byte{publicPEM(t, k.p256.Public())}, "ES256"},
		"EC P-384":          {[][]byte{publicPEM(t, k.p384.Public())}, "ES384"},
		"EC P-521":          {[][]byte{publicPEM(t, k.p521.Public())}, "ES512"},
		"Ed25519":           {[][]byte{publicPEM(t, k.ed.Public())}, "EdDSA"},
		"old and new key":   {[][]byte{publicPEM(t, k.otherRSA.Public()), publicPEM(t, k.rsa.Public())}, rsaAll + " other-RS256"},
		"of several kinds":  {[][]byte{publicPEM(t, k.p256.Public()), publicPEM(t, k.ed.Public())}, "ES256 EdDSA"},
		"text around a key": {[][]byte{[]byte("issuer: example\n"), publicPEM(t, k.ed.Public()), []byte("\nend\n")}, "EdDSA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVerifier(t, auth.Options{PublicKeyFile: keyFile(t, tc.content...)})
			for alg, token := range tokens {
				want := slices.Contains(strings.Fields(tc.accepts), alg)
				if _, err := v.Verify(t.Context(), token); (err == nil) != want {
					t.Errorf("%s: error %v, want accepted %t", alg, err, want)
				}
			}
		})
	}
}

func TestNewRefusesBadKeyFiles(t *testing.T) {
	t.Parallel()
	k := testKeys()
	private, err := x509.MarshalPKCS8PrivateKey(k.rsa)
	if err != nil {
		t.Fatal(err)
	}
	good := publicPEM(t, k.ed.Public())
	for name, tc := range map[string]struct {
		path, want string
	}{
		"missing":         {filepath.Join(t.TempDir(), "none.pem"), "no such file"},
		"a directory":     {t.TempDir(), "is a directory"},
		"empty":           {keyFile(t), "no PEM block"},
		"not PEM":         {keyFile(t, []byte(secret)), "no PEM block"},
		"private key":     {keyFile(t, block("PRIVATE KEY", private)), "private key belongs to the issuer"},
		"RSA private key": {keyFile(t, block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k.rsa))), "private key belongs to the issuer"},
		"private second":  {keyFile(t, good, block("EC PRIVATE KEY", private)), "PEM block 2"},
		"request":         {keyFile(t, block("CERTIFICATE REQUEST", private)), "want a PUBLIC KEY"},
		"broken key":      {keyFile(t, block("PUBLIC KEY", []byte("x"))), "PEM block 1"},
		"broken PKCS1":    {keyFile(t, block("RSA PUBLIC KEY", []byte("x"))), "PEM block 1"},
		"broken cert":     {keyFile(t, block("CERTIFICATE", []byte("x"))), "PEM block 1"},
		"weak RSA":        {keyFile(t, publicPEM(t, k.weakRSA.Public())), "RSA key of 1024 bits"},
		"weak curve":      {keyFile(t, publicPEM(t, k.p224.Public())), "P-224"},
		"nine keys":       {keyFile(t, good, good, good, good, good, good, good, good, good), "more than 8 keys"},
		"huge":            {keyFile(t, []byte(strings.Repeat("\n", 65<<10)), good), "larger than 64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := auth.New(t.Context(), auth.Options{PublicKeyFile: tc.path})
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.path) || !strings.Contains(err.Error(), "JWT_PUBLIC_KEY_FILE") {
				t.Errorf("error %v; want it to name the setting, the file and %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the file: %v", err)
			}
		})
	}
}
