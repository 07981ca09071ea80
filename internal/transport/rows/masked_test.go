package rows_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
)

// TestMaskedRows: of rows a client gets what its policy lets it see. Nothing of a column or
// a row that is withheld is in a byte of the answer, and a filter sees a row as the client
// does. A table that it has none of is like one that there is not.
func TestMaskedRows(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, 0)
	d.Exec(t, `create table orders (id int primary key, tenant_id text, warehouse int, total int, note text)`, `select rowcast.watch('orders', readable => true)`,
		`insert into orders select n, 'T', n % 3, case when n % 4 > 0 then 70000 + n end, 'secret-' || n from generate_series(1, 60) n`)
	tables, err := store.Tables(t.Context(), d.pool)
	if err != nil {
		t.Fatal(err)
	}
	described := (&store.State{Tables: tables}).Described()
	parsed, err := policy.Parse([]byte(`
tables:
  order:
    roles:
      picker: {columns: {except: [total]}, rows: row.warehouse == 1}
      clerk: {columns: {except: [note]}, rows: row.warehouse != 2}
      "*": none
`))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := policy.Resolve(parsed, described)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(stored, described, policy.Uncounted{})
	if err != nil {
		t.Fatal(err)
	}
	s := d.serve(t, nil)
	for _, c := range []struct {
		roles      []string
		filter     string
		condition  string // of the rows that come
		warehouses string // of those
		columns    string
	}{
		{[]string{"picker"}, `{}`, `warehouse = 1`, "1", "id tenant_id warehouse note"},
		{[]string{"picker"}, `{"note":{"in":["secret-1","secret-2","secret-4"]}}`, `id in (1, 4)`, "1", "id tenant_id warehouse note"},
		{[]string{"clerk"}, `{"total":null}`, `warehouse <> 2 and total is null`, "0 1", "id tenant_id warehouse total"},
		{[]string{"clerk", "picker"}, `{}`, `warehouse <> 2`, "0 1", "id tenant_id warehouse total note"},
		{[]string{"clerk", "picker"}, `{"note":null}`, `warehouse = 0`, "0", "id tenant_id warehouse total note"},
		{[]string{"clerk", "picker"}, `{"note":{"ne":null},"total":{"gte":70010}}`, `warehouse = 1 and total >= 70010`, "1", "id tenant_id warehouse total note"},
	} {
		d.policy, d.roles = p, c.roles
		response := s.open(t.Context(), t, "ann@T", url.Values{"table": {"order"}, "where": {`{"order":` + c.filter + `}`}})
		text := readAll(t, response.Body)
		_ = response.Body.Close()
		lines := strings.Split(strings.TrimSpace(text), "\n")
		var want []string
		for _, row := range pgtest.Column[string](t, d.Conn, fmt.Sprintf(`
			select replace(replace(row_to_json(r)::text, case when warehouse = 1 and %t then '' else ',"note":"' || note || '"' end, ''), case when %t then '' else ',"total":' || coalesce(total::text, 'null') end, '')
			  from orders r where %s order by id`, slices.Contains(c.roles, "picker"), slices.Contains(c.roles, "clerk"), c.condition)) {
			want = append(want, `{"row":`+row+`}`)
		}
		got := lines[1 : len(lines)-1]
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%v %s:\n got %q\nwant %q", c.roles, c.filter, got, want)
		}
		head := read(t, strings.NewReader(lines[0]))[0]
		var names []string
		for _, column := range head.Columns {
			names = append(names, column.Name)
		}
		if strings.Join(names, " ") != c.columns {
			t.Errorf("%v: columns %v", c.roles, names)
		}
		if strings.Contains(text, `"warehouse":2`) || !slices.Contains(c.roles, "clerk") && strings.Contains(text, ":700") || !slices.Contains(c.roles, "picker") && strings.Contains(text, "secret") {
			t.Errorf("%v %s: what is withheld is in %s", c.roles, c.filter, text)
		}
	}
	d.roles = []string{"nobody"}
	for _, table := range []string{"order", "gone"} {
		response, lines := s.ask(t, "ann@T", url.Values{"table": {table}, "where": {`{}`}})
		if response.StatusCode != 400 || lines[0].Detail != "there is no such table; name one by the stem of its events, as in table=order for order:created" {
			t.Errorf("%s: %+v", table, lines)
		}
	}
}
