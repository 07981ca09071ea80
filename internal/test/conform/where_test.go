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

	"rowcast/internal/test/servetest"
)

// where has a client ask for rows.
func where(filter string) func(q *request) {
	return func(q *request) { q.where = json.RawMessage(filter) }
}

// described are events with what their rows did to a view, and the customer.
func described(all []message) (lines []string) {
	for _, m := range all {
		var data struct{ Customer string }
		_ = json.Unmarshal(m.Data, &data)
		lines = append(lines, strings.Join(strings.Fields(fmt.Sprint(m, " ", m.Match, " ", data.Customer)), " "))
	}
	return lines
}

// TestWhere: a client that asks for rows gets what happens to them, what enters and what
// leaves, live and from every cursor on either server, and the same from the history.
func TestWhere(t *testing.T) {
	t.Parallel()
	const filter = `{"order":{"customer":{"in":["a","b"]},"total":{"lt":"10"}}}`
	s := newShared(t)
	onEvery(t, s, wires, func(t *testing.T, l *line) {
		servers := l.servers()
		live := l.join(t, servers[0], where(filter))
		cursors := []string{live.cursor}
		l.Exec(t,
			`insert into orders (tenant_id, customer, total) values ($1, 'a', 1), ($1, 'c', 1), ($1, 'b', 20)`,
			`update orders set total = 2 where tenant_id = $1`,
			`update orders set customer = 'x' where tenant_id = $1 and customer = 'a'`,
			`update orders set status = 'processing' where tenant_id = $1 and customer in ('b', 'c')`,
			`delete from orders where tenant_id = $1 and customer in ('b', 'c')`,
			`insert into orders (tenant_id, customer) select $1, 'c' from generate_series(1, 1001)`,
			`insert into orders (tenant_id, customer) values ($1, 'a')`)
		want := []string{
			"order:created@1 a", "order:updated@4 a", "order:updated@6 entered b", "order:updated@7 left a",
			"order:updated@8 b", "order:status-changed@8", "order:deleted@10 b", "order:bulk@12-1012", "order:created@1013 a",
		}
		// Rows of one statement come in any order.
		unnumbered := func(lines []string) []string {
			for i, line := range lines {
				head, rest, _ := strings.Cut(line, " ")
				if name, _, ok := strings.Cut(head, "@"); ok && !strings.HasPrefix(head, "order:bulk") {
					lines[i] = strings.TrimSpace(name + " " + rest)
				}
			}
			return lines
		}
		want = unnumbered(want)
		same := func(who string, f *client, from int) {
			t.Helper()
			var got []message
			for len(got) < len(want)-from {
				m := f.events(t, 1)[0]
				got = append(got, m)
				if who == "live" {
					cursors = append(cursors, m.Cursor)
				}
			}
			if lines := unnumbered(described(got)); !slices.Equal(lines, want[from:]) {
				t.Errorf("%s:\n got %q\nwant %q", who, lines, want[from:])
			}
		}
		same("live", live, 0)
		for i, cursor := range cursors {
			same(fmt.Sprintf("after %d events", i), l.join(t, servers[i%2], where(filter), from(cursor)), i)
		}
		if l.name == "ws" {
			query := url.Values{"tenant": {l.ID}, "where": {filter}, "limit": {"1000"}, "after": {cursors[0]}}
			var page struct{ Events []message }
			if err := json.Unmarshal(get(t, servers[0], l.ID, "/history?"+query.Encode()), &page); err != nil {
				t.Fatal(err)
			}
			rows := slices.DeleteFunc(slices.Clone(want), func(line string) bool { return strings.HasPrefix(line, "order:bulk") })
			if lines := unnumbered(described(page.Events)); !slices.Equal(lines, rows) {
				t.Errorf("history:\n got %q\nwant %q", lines, rows)
			}
		}
	})
}

// get reads a path with a token of a tenant.
func get(t *testing.T, server *servetest.Server, tenant, path string) []byte {
	t.Helper()
	return getWith(t, server, servetest.Token(t, tenant), path)
}

func getWith(t *testing.T, server *servetest.Server, token, path string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Address()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", path, response.StatusCode, body, err)
	}
	return body
}

// TestWhereReportsHoles: a client learns its cursor although no row is its own.
func TestWhereReportsHoles(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, wires, func(t *testing.T, l *line) {
		f := l.join(t, l.servers()[0], where(`{"order":{"customer":"a"}}`))
		l.Exec(t, insertOrder, raiseTotal)
		m := f.until(t, "progress", func(m message) bool { return m.Position == 2 && m.Event != "dashboard:stats-updated" })
		if m.Type != "progress" || m.TenantID != l.ID {
			t.Fatalf("received %+v; want progress at 2", m)
		}
		f.cut()
		l.Exec(t, `update orders set customer = 'a' where tenant_id = $1`)
		f = l.join(t, l.servers()[1], where(`{"order":{"customer":"a"}}`), from(f.cursor))
		if got := described(f.events(t, 1)); got[0] != "order:updated@3 entered a" {
			t.Errorf("received %q", got)
		}
	})
}

// TestWhereIsRefused: what is wrong with a filter is refused on every wire.
func TestWhereIsRefused(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, wires, func(t *testing.T, l *line) {
		for _, filter := range []string{
			`[]`, `"order"`, `{"orders":{}}`, `{"order":{"cost":1}}`, `{"order":{"total":"many"}}`, `{"order":{"customer":{"like":"a"}}}`,
			`{"order":{"customer":"` + strings.Repeat("x", 8200) + `"}}`,
		} {
			_, err := l.tryJoin(t, l.servers()[0], where(filter))
			if refused, ok := errors.AsType[*refusal](err); !ok || refused.code != "bad-request" {
				t.Errorf("%.40s: %v; want bad-request", filter, err)
			}
		}
	})
}
