package conform_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The kinds of columns. Of those with a canary every value is of one row and time alone.
const (
	kindInt           = "bigint"
	kindText          = "text"
	kindNumeric       = "numeric"
	kindBool          = "boolean"
	kindUUID          = "uuid"
	kindTime          = "timestamptz"
	kindCanary        = "canary text"
	kindCanaryNumber  = "canary numeric"
	kindCanaryJSON    = "canary jsonb"
	kindTenant        = "tenant"
	kindReader        = "reader"
	kindKey, kindPart = "key bigint", "key text"
)

// column is one of the drawn table.
type column struct {
	name, kind string
	// sql is its type.
	sql           string
	key, excluded bool
}

var (
	states = []string{"open", "held", "closed", "received", "adjustment"}
	owners = []string{"0e37df36-f698-11e6-8dd4-cb9ced3df976", "ffffffff-0000-4000-8000-000000000000"}
	times  = []string{"2026-01-02T03:04:05Z", "2026-07-08T09:10:11.5Z"}
)

// readers are subjects by the type of the column for whom rows are. The first two have
// tokens; the empty text is nobody.
var readers = map[string][]string{
	"text": {"ann", "bob", "eve", ""}, "uuid": {"0e37df36-f698-11e6-8dd4-cb9ced3df976", "ffffffff-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000001"},
	"bigint": {"7", "9007199254740993", "9"},
}

// table is the drawn one.
type table struct {
	d                   drawing
	name, stem          string
	columns             []column
	tenantType, audType string // audType is empty if rows are for everybody
	canaries            []string
}

// catalogued are the columns by which events are derived from a stem.
var catalogued = map[string][]column{
	"thing":          {{name: "status", kind: kindText}},
	"order":          {{name: "status", kind: kindText}},
	"purchase-order": {{name: "status", kind: kindText}},
	"stock-movement": {{name: "sku_id", kind: kindUUID}, {name: "movement_type", kind: kindText}, {name: "quantity", kind: kindInt}, {name: "reason", kind: kindCanary}},
	"sku":            {{name: "sku", kind: kindCanary}, {name: "quantity", kind: kindInt}, {name: "low_stock_threshold", kind: kindInt}},
}

// table draws one.
func (d drawing) table() *table {
	w := &table{
		d: d, name: fmt.Sprintf("withheld_%x", d.Uint32()), stem: pick(d, "thing", "thing", "order", "purchase-order", "stock-movement", "sku"),
		tenantType: pick(d, "text", "uuid"),
	}
	if d.chance(2) {
		w.audType = pick(d, "text", "uuid", "bigint")
	}
	w.columns = append([]column{{name: "tenant_id", kind: kindTenant, sql: w.tenantType}}, catalogued[w.stem]...)
	for _, c := range []column{
		{name: "col_house", kind: kindInt},
		{name: "col_state", kind: kindText},
		{name: "col_total", kind: kindNumeric},
		{name: "col_flag", kind: kindBool},
		{name: "col_owner", kind: kindUUID},
		{name: "col_at", kind: kindTime},
		{name: "col_note", kind: kindCanary},
		{name: "col_amount", kind: kindCanaryNumber},
		{name: "col_doc", kind: kindCanaryJSON},
	} {
		if !d.chance(5) {
			w.columns = append(w.columns, c)
		}
	}
	w.columns = append(w.columns, column{name: "id", kind: kindKey, key: true}, column{name: "col_cost", kind: kindCanary},
		column{name: "col_hidden", kind: kindCanary, excluded: true})
	if d.chance(2) {
		w.columns = append(w.columns, column{name: "col_part", kind: kindPart, key: true})
	}
	if w.audType != "" {
		w.columns = append(w.columns, column{name: "col_reader", kind: kindReader, sql: w.audType})
	}
	d.Shuffle(len(w.columns), func(i, j int) { w.columns[i], w.columns[j] = w.columns[j], w.columns[i] })
	for i := range w.columns {
		if c := &w.columns[i]; c.sql == "" {
			c.sql = strings.TrimPrefix(strings.TrimPrefix(c.kind, "canary "), "key ")
		}
	}
	return w
}

// create are the statements that make and watch it.
func (w *table) create() []string {
	var parts []string
	for _, c := range w.columns {
		parts = append(parts, c.name+" "+c.sql)
	}
	watch := ""
	if w.audType != "" {
		watch = ", audience => 'col_reader'"
	}
	return []string{
		fmt.Sprintf("create table %s (%s, primary key (%s))", w.name, strings.Join(parts, ", "), strings.Join(w.keys(), ", ")),
		fmt.Sprintf("select rowcast.watch('%s', name => '%s', exclude => '{col_hidden}'%s)", w.name, w.stem, watch),
		fmt.Sprintf("create table fence (id bigint primary key, tenant_id %s)", w.tenantType),
		"select rowcast.watch('fence', name => 'fence')",
	}
}

func (w *table) keys() (names []string) {
	for _, c := range w.columns {
		if c.key {
			names = append(names, c.name)
		}
	}
	return names
}

// captured are the columns that rows have for clients.
func (w *table) captured() (names []string) {
	for _, c := range w.columns {
		if !c.excluded {
			names = append(names, c.name)
		}
	}
	return names
}

// asked are the columns that conditions may be about.
func (w *table) asked() (columns []column) {
	for _, c := range w.columns {
		switch c.kind {
		case kindInt, kindText, kindNumeric, kindBool, kindUUID, kindTime:
			columns = append(columns, c)
		}
	}
	return columns
}

// has says whether the table has the columns of a condition, or there is none.
func (w *table) has(x *condition) bool {
	return x == nil || !slices.ContainsFunc(x.columns, func(name string) bool { return !slices.Contains(w.captured(), name) })
}

// canary is a text that is nowhere else.
func (w *table) canary() string {
	c := fmt.Sprintf("cnry%016x", w.d.Uint64())
	w.canaries = append(w.canaries, c)
	return c
}

// value draws one for a column, as SQL.
func (w *table) value(c column) string {
	d := w.d
	if d.chance(5) && !c.key {
		return "null"
	}
	switch c.kind {
	case kindInt:
		return pick(d, "5", "6", "9007199254740993")
	case kindText:
		return quoted(pick(d, states...))
	case kindNumeric:
		return pick(d, "99.99", "100", "100.00", "12345678901234567890.5")
	case kindBool:
		return pick(d, "true", "false")
	case kindUUID:
		return quoted(pick(d, owners...))
	case kindTime:
		return quoted(pick(d, times...))
	case kindCanary:
		return quoted(w.canary())
	case kindCanaryNumber:
		n := fmt.Sprint(100_000_000_000_000 + d.Int64N(900_000_000_000_000))
		w.canaries = append(w.canaries, n)
		return n
	case kindCanaryJSON:
		return quoted(text(map[string]any{"k": w.canary()}))
	case kindPart:
		return quoted(pick(d, "x", "y"))
	case kindReader:
		return quoted(pick(d, readers[w.audType]...))
	}
	panic("no value for " + c.kind)
}

// image is a row as clients may get it, by column.
type image map[string]json.RawMessage

// edit is what happened to a row of the tenant. The rows of one statement have one
// group, whose order is not known.
type edit struct {
	before, after image
	group         int
	// position is that of a change that is alone in its group, bulk that its group is told
	// as one.
	position  int64
	bulk      bool
	truncated bool
	// replayed: a row of before is sent again.
	replayed bool
	// table and stem are those that it was watched as.
	table, stem string
}

func (c *edit) op() string {
	switch {
	case c.truncated:
		return "truncate"
	case c.replayed:
		return "replay"
	case c.before == nil:
		return "insert"
	case c.after == nil:
		return "delete"
	}
	return "update"
}

// written is the table with its writer and what was committed of one tenant.
type written struct {
	*table
	db *pgx.Conn
	// tenant is the one that is followed.
	tenant, other string
	changes       []edit
	groups        int
	position      int64
	last, fences  int
}

// bulkRows is up to how many rows a statement is told row by row.
const bulkRows = 12

func (w *written) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := w.db.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// do executes a statement that returns rows as they were and are, and notes the changes.
func (w *written) do(t *testing.T, statement string) {
	t.Helper()
	rows, err := w.db.Query(t.Context(), statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	var o, n *string
	w.groups++
	var made []edit
	_, err = pgx.ForEachRow(rows, []any{&o, &n}, func() error {
		c := edit{before: w.ours(t, o), after: w.ours(t, n), group: w.groups, table: w.name, stem: w.stem}
		if (c.before != nil || c.after != nil) && text(c.before) != text(c.after) {
			made = append(made, c)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	for i := range made {
		made[i].bulk = len(made) > bulkRows && w.audType == ""
		w.position++
		made[i].position = w.position
	}
	w.changes = append(w.changes, made...)
}

// ours is a row if it is of the tenant that is followed.
func (w *written) ours(t *testing.T, row *string) image {
	t.Helper()
	if row == nil {
		return nil
	}
	var i image
	if err := json.Unmarshal([]byte(*row), &i); err != nil {
		t.Fatal(err)
	}
	if string(i["tenant_id"]) != text(w.tenant) {
		return nil
	}
	return i
}

// imageOf is the SQL of a row as clients get it.
func (w *written) imageOf(alias string) string {
	sql := "to_jsonb(" + alias + ")"
	for _, c := range w.columns {
		if c.excluded {
			sql += " - " + quoted(c.name)
		}
	}
	return "(" + sql + ")::text"
}

// insert inserts n rows.
func (w *written) insert(t *testing.T, n int, tenant string) {
	t.Helper()
	var names, rows []string
	for _, c := range w.columns {
		names = append(names, c.name)
	}
	for range n {
		var values []string
		w.last++
		for _, c := range w.columns {
			switch c.kind {
			case kindTenant:
				values = append(values, quoted(tenant))
			case kindKey:
				values = append(values, fmt.Sprint(w.last))
			default:
				values = append(values, w.value(c))
			}
		}
		rows = append(rows, "("+strings.Join(values, ", ")+")")
	}
	w.do(t, fmt.Sprintf("insert into %s as n (%s) values %s returning null, %s", w.name, strings.Join(names, ", "), strings.Join(rows, ", "), w.imageOf("n")))
}

// update sets columns in the rows for which where holds.
func (w *written) update(t *testing.T, where string, set ...string) {
	t.Helper()
	w.do(t, fmt.Sprintf(`with o as (select x.ctid as place, %s as j from %s x where %s for update)
		update %s n set %s from o where n.ctid = o.place returning o.j, %s`, w.imageOf("x"), w.name, where, w.name, strings.Join(set, ", "), w.imageOf("n")))
}

func (w *written) remove(t *testing.T, where string) {
	t.Helper()
	w.do(t, fmt.Sprintf("delete from %s x where %s returning %s, null", w.name, where, w.imageOf("x")))
}

// key is the name of the column that numbers the rows.
func (w *written) key() string {
	for _, c := range w.columns {
		if c.kind == kindKey {
			return c.name
		}
	}
	panic("no key")
}

// ids are those of the rows of a tenant.
func (w *written) ids(t *testing.T, tenant string) []int64 {
	t.Helper()
	rows, err := w.db.Query(t.Context(), fmt.Sprintf("select %s from %s where tenant_id = '%s' order by 1", w.key(), w.name, tenant))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// write does something to rows.
func (w *written) write(t *testing.T) {
	t.Helper()
	d := w.d
	tenant := w.tenant
	if d.chance(8) {
		tenant = w.other
	}
	ids := w.ids(t, tenant)
	if len(ids) < 3 {
		w.insert(t, 1, tenant)
		return
	}
	one := fmt.Sprintf("x.%s = %d", w.key(), pick(d, ids...))
	switch d.IntN(20) {
	case 0, 1, 2, 3:
		w.insert(t, 1, tenant)
	case 4:
		w.insert(t, 2+d.IntN(3), tenant)
	case 5, 6:
		w.remove(t, one)
	case 7:
		w.last++
		w.update(t, one, fmt.Sprintf("%s = %d", w.key(), w.last))
	case 8:
		w.update(t, one, "tenant_id = "+quoted(pick(d, w.tenant, w.other)))
	case 9:
		w.update(t, fmt.Sprintf("x.%s in (%d, %d, %d)", w.key(), pick(d, ids...), pick(d, ids...), pick(d, ids...)), w.sets(2)...)
	case 10:
		w.update(t, one, w.setsOf(kindCanary, kindCanaryNumber, kindCanaryJSON)...)
	default:
		w.update(t, one, w.sets(1+d.IntN(3))...)
	}
}

// sets draws new values for n columns.
func (w *written) sets(n int) (sets []string) {
	free := slices.DeleteFunc(slices.Clone(w.columns), func(c column) bool { return c.key || c.kind == kindTenant })
	w.d.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	for _, c := range free[:n] {
		sets = append(sets, c.name+" = "+w.value(c))
	}
	return sets
}

// setsOf draws a new value for one column of some kinds.
func (w *written) setsOf(kinds ...string) []string {
	fits := slices.DeleteFunc(slices.Clone(w.columns), func(c column) bool { return !slices.Contains(kinds, c.kind) })
	c := pick(w.d, fits...)
	return []string{c.name + " = " + w.value(c)}
}

// large writes more rows in one statement than are told row by row.
func (w *written) large(t *testing.T) {
	t.Helper()
	first := w.last + 1
	w.insert(t, bulkRows+3, w.tenant)
	w.remove(t, fmt.Sprintf("x.%s >= %d and x.tenant_id = '%s'", w.key(), first, w.tenant))
}

// replay has a row sent again, of a change that everybody has.
func (w *written) replay(t *testing.T) {
	t.Helper()
	var rows []edit
	for k, c := range w.changes {
		if lone := (k == 0 || w.changes[k-1].group != c.group) && (k+1 == len(w.changes) || w.changes[k+1].group != c.group); lone && c.after != nil && !c.replayed {
			rows = append(rows, c)
		}
	}
	if rows == nil {
		return
	}
	c := pick(w.d, rows...)
	w.exec(t, fmt.Sprintf("select rowcast.replay('%s', %d, %[2]d)", w.tenant, c.position))
	w.groups++
	w.position++
	c.before, c.replayed, c.group, c.position = nil, true, w.groups, w.position
	w.changes = append(w.changes, c)
}

// truncate empties the table.
func (w *written) truncate(t *testing.T) {
	t.Helper()
	w.exec(t, "truncate "+w.name)
	w.groups++
	w.position++
	w.changes = append(w.changes, edit{truncated: true, group: w.groups, position: w.position, table: w.name, stem: w.stem})
}

// fence writes a row of another table, which everybody sees, and returns its number.
func (w *written) fence(t *testing.T) int {
	t.Helper()
	w.fences++
	w.position++
	w.exec(t, fmt.Sprintf("insert into fence values (%d, '%s')", w.fences, w.tenant))
	return w.fences
}
