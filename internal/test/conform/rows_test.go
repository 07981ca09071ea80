package conform_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

// began is what a client is sent to begin with.
type began struct {
	head struct {
		Type, TenantID, Table, Cursor, Snapshot string
		Key                                     []string
	}
	rows []string
	raw  string
}

// begin asks for rows of the tenant, which have to be whole.
func (l *line) begin(t *testing.T, table, filter, token string) (b began) {
	t.Helper()
	query := url.Values{"tenant": {l.ID}, "table": {table}}
	if filter != "" {
		query.Set("where", filter)
	}
	b.raw = string(getWith(t, l.servers()[0], token, "/rows?"+query.Encode()))
	lines := strings.Split(strings.TrimSuffix(b.raw, "\n"), "\n")
	if err := json.Unmarshal([]byte(lines[0]), &b.head); err != nil || b.head.Type != "snapshot" || b.head.TenantID != l.ID || b.head.Table != table {
		t.Fatalf("begins with %s, %v", lines[0], err)
	}
	for _, text := range lines[1 : len(lines)-1] {
		row, isRow := strings.CutPrefix(text, `{"row":`)
		if !isRow {
			t.Fatalf("no row: %s", text)
		}
		b.rows = append(b.rows, strings.TrimSuffix(row, "}"))
	}
	if want := fmt.Sprintf(`{"type":"end","rows":%d}`, len(b.rows)); lines[len(lines)-1] != want {
		t.Fatalf("ends with %s; want %s", lines[len(lines)-1], want)
	}
	slices.Sort(b.rows)
	return b
}

// events are rows that were written, as their events have them.
func (l *line) eventRows(t *testing.T, name, token string) (rows []string) {
	t.Helper()
	after := ""
	for more := true; more; {
		query := url.Values{"tenant": {l.ID}, "events": {name}, "limit": {"1000"}}
		if after != "" {
			query.Set("after", after)
		}
		var page struct {
			Events []message
			Cursor string
			More   bool
		}
		if err := json.Unmarshal(getWith(t, l.servers()[0], token, "/history?"+query.Encode()), &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			rows = append(rows, string(e.Data))
		}
		after, more = page.Cursor, page.More
	}
	slices.Sort(rows)
	return rows
}

// TestRows: rows that a client begins with are those of the table that it asks for and that
// are for it, byte for byte as in their events, and events that follow the cursor complete
// them. Of others there is not a byte.
func TestRows(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	pgtest.Exec(t, s.DB, `create table things (id int, tenant_id uuid, reader text, big bigint, price numeric, word text, at timestamptz, doc jsonb, secret text, primary key (tenant_id, id))`,
		`select rowcast.watch('things', name => 'thing', audience => 'reader', exclude => '{secret}', readable => true)`)
	ws := slices.IndexFunc(wires, func(w wire) bool { return w.name == "ws" })
	onEvery(t, s, wires[ws:ws+1], func(t *testing.T, l *line) {
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // drawn, not secret
		for id := range 200 {
			l.Exec(t, fmt.Sprintf(`insert into things values (%d, $1, %s, %s, %s, '%s', '2026-01-02 03:04:05.%06d+01', '{"b":%[1]d,"a":[null]}', 'canary-%[1]d')`, id,
				[]string{"null", "'ann'", "'bob'"}[random.IntN(3)], []string{"9007199254740993", "5", "null"}[random.IntN(3)],
				[]string{"1.10", "12345678901234567890.5", "'NaN'"}[random.IntN(3)], []string{"red", "green", `b"l\ue`}[random.IntN(3)], random.IntN(1000000)))
		}
		other := tokenOf(t, "ann", l.ID)
		for _, c := range []struct{ filter, condition string }{
			{"", "true"},
			{`{}`, "true"},
			{`{"thing":{"word":{"in":["red","b\"l\\ue"]}}}`, `word in ('red', 'b"l\ue')`},
			{`{"thing":[{"big":"9007199254740993"},{"price":{"gt":"100"},"word":{"lt":"green"}}]}`, `big = 9007199254740993 or price > 100 and word collate "C" < 'green'`},
			{`{"thing":{"at":{"gte":"2026-01-02T02:04:05.5Z"},"big":null}}`, `at >= '2026-01-02 02:04:05.5+00' and big is null`},
			{`{"order":{"customer":"x"}}`, "true"},
		} {
			got := l.begin(t, "thing", c.filter, other)
			ids := pgtest.Column[int](t, s.DB, `select id from things where tenant_id = '`+l.ID+`' and (reader is null or reader = 'ann') and (`+c.condition+`)`)
			want := slices.DeleteFunc(l.eventRows(t, "thing:created", other), func(row string) bool {
				var data struct{ ID int }
				if err := json.Unmarshal([]byte(row), &data); err != nil {
					t.Fatal(err)
				}
				return !slices.Contains(ids, data.ID)
			})
			if len(ids) < 5 || !slices.Equal(got.rows, want) {
				t.Errorf("%s: %d rows, the table has %d\n got %q\nwant %q", c.filter, len(got.rows), len(ids), got.rows, want)
			}
			if strings.Contains(got.raw, "canary") || strings.Contains(got.raw, `"bob"`) {
				t.Errorf("%s: what is withheld is in %s", c.filter, got.raw)
			}
		}
		begun := l.begin(t, "thing", "", other)
		l.Exec(t, `insert into things (id, tenant_id, word) values (1000, $1, 'late')`)
		f := l.join(t, l.servers()[1], as(t, "ann", l.ID), from(begun.head.Cursor))
		if m := f.events(t, 1)[0]; m.Event != "thing:created" || !strings.Contains(string(m.Data), "late") {
			t.Errorf("after the cursor comes %+v", m)
		}
	})
}
