package conform_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
)

// numbers are columns with numbers, the value in SQL, and how it is on the wire:
// what a double cannot hold is text in a column, and as it is within anything.
var numbers = []struct{ column, kind, value, wire string }{
	{"small", "int", "42", "42"},
	{"safe", "bigint", "9007199254740991", "9007199254740991"},
	{"unsafe", "bigint", "9007199254740993", `"9007199254740993"`},
	{"least", "bigint", "-9223372036854775808", `"-9223372036854775808"`},
	{"price", "numeric(12,2)", "9999999999.90", "9999999999.90"},
	{"exact", "numeric", "0.1000000000000000055", `"0.1000000000000000055"`},
	{"nan", "numeric", "'NaN'", `"NaN"`},
	{"far", "double precision", "'-Infinity'", `"-Infinity"`},
	{"real", "double precision", "0.1", "0.1"},
	{"list", "bigint[]", "array[1, 9007199254740993]", "[1,9007199254740993]"},
	{"decimals", "numeric[]", "array[1.50, 0.1000000000000000055]", "[1.50,0.1000000000000000055]"},
	{"doc", "jsonb", `'{"a": 9007199254740993, "b": [1.50, 12345678901234567890]}'`, `{"a": 9007199254740993, "b": [1.50, 12345678901234567890]}`},
	{"written", "json", `'{"a":  1E400,"b":-0.0}'`, `{"a":  1E400,"b":-0.0}`},
	{"pair", "pair", "row(9007199254740993, 1.50)", `{"n":9007199254740993,"d":1.50}`},
	{"pairs", "pair[]", "array[row(9007199254740993, 1.50)::pair]", `[{"n":9007199254740993,"d":1.50}]`},
}

// TestNumbers: every wire and the history tell numbers as the guide promises, of an
// insert and of the old and the new row of an update.
func TestNumbers(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	var columns, names, values []string
	for _, n := range numbers {
		columns, names, values = append(columns, n.column+" "+n.kind), append(names, n.column), append(values, n.value)
	}
	pgtest.Exec(t, s.DB,
		`create type pair as (n bigint, d numeric)`,
		`create table measures (id int generated always as identity primary key, tenant_id text, `+strings.Join(columns, ", ")+`)`,
		`select rowcast.watch('measures', name => 'measure')`)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		server := l.servers()[0]
		whole := l.join(t, server)
		begin := whole.cursor
		l.Exec(t, `insert into measures (tenant_id) values ($1)`,
			`update measures set (`+strings.Join(names, ", ")+`) = row(`+strings.Join(values, ", ")+`) where tenant_id = $1`,
			`delete from measures where tenant_id = $1`)
		for name, f := range map[string]*client{"live": whole, "resumed": l.join(t, server, from(begin))} {
			events := f.events(t, 3)
			for _, n := range numbers {
				member := fmt.Sprintf(`%q:%s`, n.column, n.wire)
				null := fmt.Sprintf(`%q:null`, n.column)
				if created := string(events[0].Data); !strings.Contains(created, null) {
					t.Errorf("%s: no %s in %s", name, null, created)
				}
				// As data, and as previous of the update that brought them.
				for _, e := range events[1:] {
					if !strings.Contains(string(e.Data), member) {
						t.Errorf("%s: no %s in %s", name, member, e.Data)
					}
				}
				if !strings.Contains(events[1].raw, null) {
					t.Errorf("%s: no previous %s in %s", name, null, events[1].raw)
				}
			}
		}
		body := l.history(t, server, url.Values{"tenant": {l.ID}})
		for _, n := range numbers {
			if member := fmt.Sprintf(`%q:%s`, n.column, n.wire); strings.Count(body, member) != 2 {
				t.Errorf("the history does not have %s twice: %s", member, body)
			}
		}
	})
}
