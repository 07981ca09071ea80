package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/access/auth/keyset"
)

// Sizes of RSA keys, in bits: RFC 7518 asks for the smaller, and verifying with
// keys beyond the larger takes long enough to be an attack.
const (
	minRSA = 2048
	maxRSA = 8192
)

func secretAlgorithms() []string { return []string{"HS256", "HS384", "HS512"} }

func rsaAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
}

func publicKeyAlgorithms() []string {
	return append(rsaAlgorithms(), "ES256", "ES384", "ES512", "EdDSA")
}

// algorithms are those that a public key may be used with. The error says why a
// key is of no use to us; a symmetric key always is of none.
func algorithms(key any) ([]string, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
			return nil, fmt.Errorf("RSA key of %d bits; want %d to %d", bits, minRSA, maxRSA)
		}
		return rsaAlgorithms(), nil
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return []string{"ES256"}, nil
		case elliptic.P384():
			return []string{"ES384"}, nil
		case elliptic.P521():
			return []string{"ES512"}, nil
		}
		return nil, fmt.Errorf("EC key on curve %s; want P-256, P-384 or P-521", key.Curve.Params().Name)
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	default:
		return nil, fmt.Errorf("key of type %T; want RSA, EC or Ed25519", key)
	}
}

// usable refuses keys that fit no algorithm.
func usable(key any) error {
	_, err := algorithms(key)
	return err
}

// fits says whether the key may be used with the algorithm of the token.
func fits(key any, token *jwt.Token) bool {
	accepted, err := algorithms(key)
	return err == nil && slices.Contains(accepted, token.Method.Alg())
}

// issuerKeys returns the key of the issuer that a token names. If it names none, that
// is the one that has signed it, among the first that may be used with its algorithm.
func issuerKeys(set *keyset.Set) keyFunc {
	return func(ctx context.Context, token *jwt.Token) (any, error) {
		if kid, named := token.Header["kid"]; !named || kid == "" {
			return set.Find(ctx, token.Method.Alg(), func(keys []any) any {
				return signer(fitting(keys, token), token)
			})
		}
		key, err := set.Key(ctx, token)
		if err != nil {
			return nil, err
		}
		if !fits(key, token) {
			return nil, errors.New("the key is not for this algorithm")
		}
		return key, nil
	}
}

// fitting are those of the keys that may be used with the algorithm of a token.
func fitting(keys []any, token *jwt.Token) (some []any) {
	for _, key := range keys {
		if fits(key, token) {
			some = append(some, key)
		}
	}
	return some
}

// signer is the key that has signed a token, nil if none of the first has.
func signer(keys []any, token *jwt.Token) any {
	signed := token.Raw[:strings.LastIndexByte(token.Raw, '.')]
	for _, key := range keys[:min(len(keys), maxTried)] {
		if token.Method.Verify(signed, token.Signature, key) == nil {
			return key
		}
	}
	return nil
}

// secretKey is the key of HS256, HS384 and HS512 tokens.
func secretKey(secret []byte) keyFunc {
	return func(context.Context, *jwt.Token) (any, error) { return secret, nil }
}

// fileKeys returns those of keys that may be used with the algorithm of a token.
func fileKeys(keys []any) keyFunc {
	return func(_ context.Context, token *jwt.Token) (any, error) {
		some := fitting(keys, token)
		if len(some) == 0 {
			return nil, errors.New("no key in the file is for this algorithm")
		}
		if key := signer(some, token); key != nil {
			return key, nil
		}
		return nil, errors.New("no key in the file has signed it")
	}
}
