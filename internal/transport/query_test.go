package transport_test

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/transport"
)

// TestParameters: a query is read whole, or refused with what is wrong.
func TestParameters(t *testing.T) {
	t.Parallel()
	some := transport.Parameters{
		Names: []string{"tenant", "events", "cursor"}, Foreign: func(name string) bool { return name == "padding" },
	}
	for _, test := range []struct {
		of    transport.Parameters
		query string
		want  string // a part of the text, empty if the query is good
	}{
		{some, "", ""},
		{some, "?tenant=T&events=a:b&events=c:d&cursor=", ""},
		{some, "?padding=true&padding=true", ""},
		{some, "?token=x", ""}, // refused with the credentials
		{some, "?event=order:*", `unknown parameter "event"; /feed takes tenant, events, cursor`},
		{some, "?Tenant=T", `"Tenant"`},
		{some, "?tenant=T&b=1&a=2", `"a", "b"`},
		{some, "?f&e&d&c&b&a", `"a", "b", "c", "d", "e", …`},
		{some, "?=x", `unknown parameter ""`},
		{some, "?%ff=x", "unknown parameter \"\ufffd\""},
		{some, "?" + strings.Repeat("n", 5000), strings.Repeat("n", 100) + "…"},
		{some, "?cursor=a&cursor=b", "cursor is there 2 times"},
		{some, "?tenant=T&tenant=U", "ask for one"},
		{some, "?events=order:*;tenant=T", "malformed"},
		{some, "?events=%zz", "malformed"},
		{transport.Parameters{}, "?tenant=T", `"tenant"; /feed takes none`},
	} {
		refused := test.of.Check(httptest.NewRequestWithContext(t.Context(), "GET", "/feed"+test.query, nil))
		switch {
		case refused == nil:
			if test.want != "" {
				t.Errorf("%.80s is accepted; want %s", test.query, test.want)
			}
		case test.want == "", refused.Code != transport.BadRequest, refused.Status != 400, !strings.Contains(refused.Detail, test.want),
			len(refused.Detail) > 700:
			t.Errorf("%.80s: %+v; want %q", test.query, refused, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/feed?"+url.Values{name: {"x"}}.Encode(), nil)
		known := slices.Contains([]string{"tenant", "events", "cursor", "padding", "token", "access_token"}, name)
		if refused := some.Check(r); (refused == nil) != known {
			t.Errorf("%q: %+v", name, refused)
		}
	})
}
