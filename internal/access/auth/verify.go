package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/access/auth/keyset"
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
		return Identity{}, Refuse(ErrNoToken, nil)
	case len(token) > maxToken:
		return Identity{}, malformed("token is longer than 8 KiB", nil)
	case strings.ContainsFunc(token, foreign):
		return Identity{}, malformed(unverified, errors.New("a character that no token has"))
	}
	why, err := readHeader(token)
	if err != nil {
		return Identity{}, malformed(unverified, err)
	}
	var causes []error
	for _, s := range v.sources {
		if !slices.Contains(s.algorithms, why.Algorithm) {
			continue
		}
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
	return Identity{}, v.refuse(why, errors.Join(causes...))
}

// refuse refuses a token that no source has taken.
func (v *Verifier) refuse(why Why, cause error) error {
	r := invalid(unverified, cause)
	r.why = why
	switch {
	case cause == nil:
		r.why.Kind, r.cause = "algorithm", fmt.Errorf("nothing here verifies this algorithm; there is %s", v.takes())
	case errors.Is(cause, keyset.ErrUnavailable):
		r.kind, r.public, r.why.Kind = ErrUnavailable, ErrUnavailable.Error(), "key"
	case errors.Is(cause, jwt.ErrTokenSignatureInvalid):
		r.why.Kind = "signature"
	case errors.Is(cause, jwt.ErrTokenMalformed):
		r.why.Kind = "malformed"
	default:
		r.why.Kind = "key"
	}
	return r
}

// takes names the sources and their algorithms.
func (v *Verifier) takes() string {
	var all []string
	for _, s := range v.sources {
		all = append(all, fmt.Sprintf("%s (%s)", s.name, strings.Join(s.algorithms, ", ")))
	}
	return strings.Join(all, ", ")
}

func malformed(public string, cause error) error {
	r := invalid(public, cause)
	r.why.Kind = "malformed"
	return r
}

// readHeader is what the header of a token says. The errors say what the text is
// instead of a token.
func readHeader(token string) (why Why, err error) {
	switch parts := strings.Count(token, ".") + 1; parts {
	case 3:
	case 5:
		return why, errors.New("it has five parts, as an encrypted token (JWE); only signed ones can be read")
	default:
		return why, fmt.Errorf("it is of %d parts and not of three; an opaque token of the issuer is no JWT", parts)
	}
	text, _, _ := strings.Cut(token, ".")
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return why, errors.New("its header is not in base64url")
	}
	var header map[string]any
	if err := json.Unmarshal(decoded, &header); err != nil {
		return why, errors.New("its header is no JSON object")
	}
	why.Algorithm, _ = header["alg"].(string)
	why.KeyID, _ = header["kid"].(string)
	return why, nil
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
