package auth

import (
	"net/http"
	"slices"
	"strings"
)

// maxBearers is how many tokens of the headers of a request are looked at.
const maxBearers = 4

// Bare is a token without the word "Bearer" that some clients put before it.
func Bare(token string) string {
	if scheme, bare, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimLeft(bare, " ")
	}
	return token
}

// BearerTokens are the tokens in the Authorization headers. There may be several, as
// a proxy adds one of its own; headers of other schemes are for others. The error is
// ErrTokenInQuery if the URL carries a token, ErrNoToken if nothing does, and
// ErrInvalid if a header was meant for us and is malformed.
func BearerTokens(r *http.Request) (tokens []string, err error) {
	query := r.URL.Query()
	if slices.ContainsFunc([]string{"token", "access_token"}, query.Has) {
		return nil, &refusalError{
			kind:   ErrTokenInQuery,
			public: "a token in the URL ends up in logs; send it as \"Authorization: Bearer …\", or get a ticket from POST /tickets and send ?ticket=…",
			why:    Why{Kind: "url"},
		}
	}
	err = &refusalError{kind: ErrNoToken, public: ErrNoToken.Error(), why: Why{Kind: "none"}}
	for _, header := range r.Header.Values("Authorization") {
		scheme, token, parts := strings.Cut(header, " ")
		token = Bare(strings.TrimLeft(token, " "))
		switch bearer := strings.EqualFold(scheme, "Bearer"); {
		case bearer && token != "" && !strings.ContainsAny(token, " ,\t"):
			tokens = append(tokens, token)
		case bearer || !parts:
			malformed := invalid("the Authorization header must be \"Bearer\", a blank and the token", nil)
			malformed.why.Kind = "malformed"
			err = malformed
		}
	}
	if len(tokens) > 0 {
		return tokens[:min(len(tokens), maxBearers)], nil
	}
	return nil, err
}
