package auth

import (
	"net/http"
	"slices"
	"strings"
)

// BearerToken is the token in the Authorization header. The error is ErrNoToken
// without one, ErrTokenInQuery when the URL carries one (also beside the header)
// and ErrInvalid when the header is malformed.
func BearerToken(r *http.Request) (string, error) {
	query := r.URL.Query()
	if slices.ContainsFunc([]string{"token", "access_token"}, query.Has) {
		return "", &refusalError{
			kind:   ErrTokenInQuery,
			public: "a token in the URL ends up in logs; send it as \"Authorization: Bearer …\", or get a ticket from POST /tickets and send ?ticket=…",
		}
	}
	headers := r.Header.Values("Authorization")
	switch len(headers) {
	case 0:
		return "", &refusalError{kind: ErrNoToken, public: ErrNoToken.Error()}
	case 1:
	default:
		return "", invalid("more than one Authorization header", nil)
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimLeft(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " ,\t") {
		return "", invalid("the Authorization header must be \"Bearer\", a blank and the token", nil)
	}
	return token, nil
}
