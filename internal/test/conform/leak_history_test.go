package conform_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// histories reads the history of each viewer, from the oldest change and from cursors.
func (r *round) histories(t *testing.T) {
	t.Helper()
	judged := r.judge(t, r.rules, r.viewers)
	canaries := map[string]bool{}
	for _, c := range r.canaries {
		canaries[c] = true
	}
	for i, v := range r.viewers {
		mine := slices.DeleteFunc(slices.Clone(r.live), func(f *follower) bool { return f.wire.name != "ws" })
		for _, f := range mine {
			from, cursor := 0, ""
			if r.d.chance(2) || f.v != v {
				from, cursor = f.from, f.joined.Cursor
			}
			code, got, bytes := r.history(t, v, cursor)
			switch another := f.v != v && r.rules.signature(r.table, v) != r.rules.signature(r.table, f.v); {
			case another && code != "policy":
				r.fault("history of %s from a cursor of %s answers %q %s", v, f.v, code, bytes)
			case another:
			case code != "":
				r.fault("history of %s from %q answers %s", v, cursor, bytes)
			default:
				want := r.expect(r.rules, r.viewers, i, judged, from, true)
				var texts []string
				for _, one := range want {
					texts = append(texts, one.text)
				}
				if err := errors.Join(compare(got, nil, want), leaked(bytes, canaries, texts)); err != nil {
					r.fault("history of %s from %q: %v", v, cursor, err)
				}
			}
		}
	}
}

// history reads all pages of the history after a cursor, and is the code of a refusal, the
// events and all the bytes.
func (r *round) history(t *testing.T, v *viewer, cursor string) (code string, got []message, bytes string) {
	t.Helper()
	query := url.Values{"tenant": {r.tenant}, "limit": {fmt.Sprint(2 + r.d.IntN(60))}}
	if v.wish != nil {
		query.Set("where", v.wish.json)
	}
	if v.events != nil {
		query.Set("events", strings.Join(v.events, ","))
	}
	for more := true; more; {
		if cursor != "" {
			query.Set("after", cursor)
		}
		status, body := ask(t, r.servers[r.d.IntN(2)], v.token(t, r.tenant), "/history?"+query.Encode())
		bytes += body
		var page struct {
			Events []json.RawMessage
			Cursor string
			More   bool
			Code   string
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatalf("history answers %d %s", status, body)
		}
		if status != http.StatusOK {
			return page.Code, got, bytes
		}
		for _, event := range page.Events {
			m, err := decode(event)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(m.Event, "fence:") {
				got = append(got, m)
			}
		}
		cursor, more = page.Cursor, page.More
	}
	return "", got, bytes
}

// ask reads a path, again if others read at the same time.
func ask(t *testing.T, server *servetest.Server, token, path string) (status int, body string) {
	t.Helper()
	for {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Address()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusServiceUnavailable {
			return answer.StatusCode, string(text)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
