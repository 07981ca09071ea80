package transport

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rowcast/internal/transport/refusal"
)

// maxNamed is how many words of a kind a text for a client names.
const maxNamed = 5

// Parameters are those that a path reads in the query of a URL.
type Parameters struct {
	// Names are the ones to use. "events" may be repeated, every other has one value.
	Names []string
	// Foreign, if not nil, says which others clients add by themselves. They may be
	// there, also more than once.
	Foreign func(name string) bool
}

// tokenNames are parameters that carry a token. The reader of credentials refuses them,
// and says what to do.
func tokenNames() []string { return []string{"token", "access_token"} }

// Check refuses a query that would not be read whole: what is not understood would be
// ignored in silence.
func (p Parameters) Check(r *http.Request) *Problem {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return bad("the query of the URL is malformed: %v", err)
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch {
		case slices.Contains(tokenNames(), name) || p.Foreign != nil && p.Foreign(name):
		case !slices.Contains(p.Names, name):
			unknown = append(unknown, quote(name))
		case len(query[name]) > 1 && name == "tenant":
			return bad("%d tenants are named; ask for one, and for the others with requests of their own", len(query[name]))
		case len(query[name]) > 1 && name != "events":
			return bad("the parameter %s is there %d times; send it once", name, len(query[name]))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	takes := "takes none"
	if len(p.Names) > 0 {
		takes = "takes " + strings.Join(p.Names, ", ")
	}
	return bad("unknown parameter %s; %s %s", strings.Join(first(unknown), ", "), refusal.Clip(r.URL.Path), takes)
}

// quote shows the name of a parameter.
func quote(name string) string { return `"` + refusal.Clip(strings.ToValidUTF8(name, "\ufffd")) + `"` }
