package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rowcast/internal/access/auth"
)

func TestBearerTokens(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		url     string
		headers []string
		token   string // several are separated by blanks
		kind    error
	}{
		"as it should be":     {headers: []string{"Bearer a.b.c"}, token: "a.b.c"},
		"scheme in any case":  {headers: []string{"bEARER a.b.c"}, token: "a.b.c"},
		"several blanks":      {headers: []string{"Bearer   a.b.c"}, token: "a.b.c"},
		"beside a ticket":     {url: "/ws?ticket=x", headers: []string{"Bearer a.b.c"}, token: "a.b.c"},
		"none":                {kind: auth.ErrNoToken},
		"empty":               {headers: []string{""}, kind: auth.ErrInvalid},
		"no token":            {headers: []string{"Bearer"}, kind: auth.ErrInvalid},
		"blank token":         {headers: []string{"Bearer  "}, kind: auth.ErrInvalid},
		"no scheme":           {headers: []string{"a.b.c"}, kind: auth.ErrInvalid},
		"Basic":               {headers: []string{"Basic YTpi"}, kind: auth.ErrNoToken},
		"two words":           {headers: []string{"Bearer a b"}, kind: auth.ErrInvalid},
		"two tokens":          {headers: []string{"Bearer a,Bearer b"}, kind: auth.ErrInvalid},
		"two headers":         {headers: []string{"Bearer a", "Bearer b"}, token: "a b"},
		"Basic beside it":     {headers: []string{"Basic YTpi", "Bearer a"}, token: "a"},
		"one malformed":       {headers: []string{"Bearer a b", "Bearer c"}, token: "c"},
		"as many as allowed":  {headers: []string{"Bearer 1", "Bearer 2", "Bearer 3", "Bearer 4", "Bearer 5"}, token: "1 2 3 4"},
		"token in the URL":    {url: "/events?token=a.b.c", kind: auth.ErrTokenInQuery},
		"access_token":        {url: "/events?x=1&access_token=a.b.c", kind: auth.ErrTokenInQuery},
		"empty in the URL":    {url: "/events?token=", kind: auth.ErrTokenInQuery},
		"escaped in the URL":  {url: "/events?%74oken=a.b.c", kind: auth.ErrTokenInQuery},
		"both":                {url: "/events?token=a.b.c", headers: []string{"Bearer a.b.c"}, kind: auth.ErrTokenInQuery},
		"other query entries": {url: "/events?tokens=1&Token=2", kind: auth.ErrNoToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.url == "" {
				tc.url = "/ws"
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tc.url, nil)
			r.Header["Authorization"] = tc.headers
			tokens, err := auth.BearerTokens(r)
			token := strings.Join(tokens, " ")
			if token != tc.token || !errors.Is(err, tc.kind) {
				t.Errorf("token %q, error %v; want %q, %v", token, err, tc.token, tc.kind)
			}
			if err != nil && (auth.PublicText(err) != err.Error() || strings.Contains(err.Error(), "a.b.c")) {
				t.Errorf("public text %q of error %q", auth.PublicText(err), err)
			}
		})
	}
	if got := auth.PublicText(errors.New("dial tcp 10.0.0.1: refused")); got != "token is not valid" {
		t.Errorf("public text of a foreign error: %q", got)
	}
}
