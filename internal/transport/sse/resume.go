package sse

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rowcast/internal/transport"
)

// parameters are those of an event stream: ours, those by which clients continue that
// cannot send Last-Event-ID, and what such clients ask old browsers to be spared.
func parameters() transport.Parameters {
	return transport.Parameters{
		Names: []string{"tenant", "events", "where", "cursor", "ticket"},
		Foreign: func(name string) bool {
			return continues(name) || slices.Contains([]string{"padding", "evs_preamble", "evs_buffer_size_limit"}, name)
		},
	}
}

// continues says whether a parameter has the last id of a client. Clients spell it
// lastEventId, last_event_id, Last-Event-ID or evs_last_event_id.
func continues(name string) bool {
	plain := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
	return plain == "lasteventid" || plain == "evslasteventid"
}

// lastCursor is the cursor to continue from. A client that comes back by itself repeats
// its URL, with a cursor that is older than its last id: so that one comes first. It
// also adds its last id to an URL that has an older one already: so the last counts.
func lastCursor(r *http.Request, query url.Values) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	found := query.Get("cursor")
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr == nil && valueErr == nil && value != "" && continues(name) {
			found = value
		}
	}
	return found
}
