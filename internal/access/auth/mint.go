package auth

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// MintClaims is what a minted token says. Only Subject is required.
type MintClaims struct {
	Subject, Name, Role string
	Tenants             []string
	Issuer, Audience    string
	TokenID             string
	// Claims names the claims to write: of each the first; of those for tenants the
	// last if there are several.
	Claims ClaimNames
	// More are claims of the application. They replace none of the others.
	More map[string]any
}

// Mint makes an HS256 token for development and tests, good from now until ttl
// has passed.
func Mint(secret []byte, claims MintClaims, ttl time.Duration) (string, error) {
	switch {
	case len(secret) == 0:
		return "", errors.New("mint token: the secret is empty")
	case ttl < time.Second:
		return "", errors.New("mint token: it must last at least 1s")
	case !plain(claims.Subject):
		return "", errors.New("mint token: the subject must be a text of 1 to 255 bytes without control characters")
	}
	now := time.Now()
	names := claims.Claims.lists()
	m := jwt.MapClaims{}
	maps.Copy(m, claims.More)
	maps.Copy(m, jwt.MapClaims{names.subject[0]: claims.Subject, "iat": now.Unix(), "exp": now.Add(ttl).Unix()})
	for name, value := range map[string]string{
		"name": claims.Name, names.role[0]: claims.Role, "iss": claims.Issuer, "aud": claims.Audience, "jti": claims.TokenID,
	} {
		if value != "" {
			m[name] = value
		}
	}
	for _, tenant := range claims.Tenants {
		if !plain(tenant) {
			return "", fmt.Errorf("mint token: tenant %q is no text of 1 to 255 bytes without control characters", tenant)
		}
	}
	if len(claims.Tenants) == 1 {
		m[names.tenant[0]] = claims.Tenants[0]
	} else if len(claims.Tenants) > 1 {
		m[names.tenant[len(names.tenant)-1]] = claims.Tenants
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, m).SignedString(secret)
	if err != nil {
		return "", fmt.Errorf("mint token: %w", err)
	}
	return token, nil
}
