package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/auth/keyset"
)

// unverified is all that a client learns about a token whose signature did not
// prove good.
const unverified = "token could not be verified"

// Verify checks a token and says who it speaks for. The error is ErrInvalid,
// ErrExpired or ErrUnavailable, with PublicText for the client. It may wait a few
// seconds for the key set when the token names a key that is not known yet.
func (v *Verifier) Verify(ctx context.Context, token string) (Identity, error) {
	switch {
	case token == "":
		return Identity{}, &refusalError{kind: ErrNoToken, public: ErrNoToken.Error()}
	case len(token) > maxToken:
		return Identity{}, invalid("token is longer than 8 KiB", nil)
	case strings.ContainsFunc(token, foreign):
		return Identity{}, invalid(unverified, errors.New("a character that no token has"))
	}
	var causes []error
	for _, s := range v.sources {
		claims := jwt.MapClaims{}
		_, err := s.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
			if err := checkHeader(t.Header); err != nil {
				return nil, err
			}
			return s.keys(ctx, t)
		})
		if err == nil {
			return v.identity(claims)
		}
		causes = append(causes, fmt.Errorf("%s: %w", s.name, err))
	}
	cause := errors.Join(causes...)
	if errors.Is(cause, keyset.ErrUnavailable) {
		return Identity{}, &refusalError{kind: ErrUnavailable, public: ErrUnavailable.Error(), cause: cause}
	}
	return Identity{}, invalid(unverified, cause)
}

// foreign says whether a token cannot have the character. The decoder of the
// standard library would skip line breaks, so that one token had many spellings.
func foreign(r rune) bool {
	letter := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
	return !letter && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// checkHeader refuses tokens of other kinds that the same key may have signed.
// Where the header says to find a key (jku, jwk, x5u, x5c) is never looked at.
func checkHeader(header map[string]any) error {
	if _, ok := header["crit"]; ok {
		return errors.New("header crit asks for an extension")
	}
	value, ok := header["typ"]
	if !ok {
		return nil
	}
	typ, _ := value.(string)
	switch strings.TrimPrefix(strings.ToLower(typ), "application/") {
	case "jwt", "at+jwt":
		return nil
	default:
		return errors.New("header typ is not JWT")
	}
}
