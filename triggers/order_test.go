package triggers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// change is one row of the order, as a client gets it.
type change struct {
	sequence          int64
	tenant, op, table string
	after, before     string // JSON, empty if there is none
}

// history returns what was sealed behind a sequence, row by row.
func history(ctx context.Context, conn *pgx.Conn, sequence int64) ([]change, error) {
	rows, err := conn.Query(ctx, `
		select s.place, s.tenant, l.op::text, w.table_name, coalesce(r.after::text, ''), coalesce(r.before::text, '')
		  from rowcast.sealed s
		  join rowcast.log l using (xid, id)
		  join rowcast.watched w on w.id = l.watched
		  left join lateral unnest(l.after, l.before) with ordinality r (after, before, n) on true
		 where s.place > $1
		 order by s.place, r.n`, sequence)
	if err != nil {
		return nil, fmt.Errorf("read the order: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c change, err error) {
		if err := row.Scan(&c.sequence, &c.tenant, &c.op, &c.table, &c.after, &c.before); err != nil {
			return c, fmt.Errorf("read a change: %w", err)
		}
		c.before, err = wholeOld(c.before, c.after)
		return c, err
	})
}

// relation is what a client knows of a watched table.
type relation struct {
	name, tenant string
	key          []string
}

func relations(ctx context.Context, conn *pgx.Conn) (map[string]relation, error) {
	rows, err := conn.Query(ctx, `
		select w.table_name, w.tenant_column,
		       array(select a.attname::text from pg_attribute a
		              where a.attrelid = w.relation and a.attnum = any (i.indkey) order by a.attname)
		  from rowcast.watched w join pg_index i on i.indrelid = w.relation and i.indisprimary
		 where w.active`)
	if err != nil {
		return nil, fmt.Errorf("read what is watched: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r relation, err error) {
		return r, row.Scan(&r.name, &r.tenant, &r.key)
	})
	known := map[string]relation{}
	for _, r := range list {
		known[r.name] = r
	}
	return known, err
}

// row is what a client holds of one.
type row struct{ key, tenant, text string }

// read takes the image of a row apart. It is written down anew, because the
// columns of a partition may have another order than those of the table.
func (r relation) read(image string) (row, error) {
	fields := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader([]byte(image)))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return row{}, fmt.Errorf("%s: %w", image, err)
	}
	parts := []string{r.name}
	for _, column := range r.key {
		parts = append(parts, fmt.Sprint(fields[column]))
	}
	text, err := json.Marshal(fields)
	return row{strings.Join(parts, " "), fmt.Sprint(fields[r.tenant]), string(text)}, err
}

// views is what the clients hold: by tenant, and by table and key. One who is in
// several tenants keeps their rows apart, since there is no order between them.
type views map[string]map[string]row

func (v views) put(tenant string, r row) {
	if v[tenant] == nil {
		v[tenant] = map[string]row{}
	}
	v[tenant][r.key] = r
}

// apply does what a client does with a change. There is what it reads if it is
// told to read a table again.
func (v views) apply(c change, known map[string]relation, there views) error {
	r, ok := known[c.table]
	if !ok {
		return fmt.Errorf("sequence %d speaks of table %q", c.sequence, c.table)
	}
	var before, after row
	var err error
	if c.before != "" {
		if before, err = r.read(c.before); err != nil {
			return err
		}
	}
	if c.after != "" {
		if after, err = r.read(c.after); err != nil {
			return err
		}
	}
	switch of := func(key string, r row) bool {
		return strings.HasPrefix(key, c.table+" ") && r.tenant == c.tenant
	}; c.op {
	case "t":
		maps.DeleteFunc(v[c.tenant], of)
	case "o":
		maps.DeleteFunc(v[c.tenant], of)
		for key, r := range there[c.tenant] {
			if of(key, r) {
				v.put(c.tenant, r)
			}
		}
	case "d":
		delete(v[c.tenant], before.key)
	case "i", "u":
		if c.op == "u" && before.key != after.key {
			delete(v[c.tenant], before.key)
		}
		v.put(c.tenant, after)
	default:
		return fmt.Errorf("sequence %d has operation %q", c.sequence, c.op)
	}
	return nil
}

// lines writes the views in an order that can be compared.
func (v views) lines() []string {
	var lines []string
	for _, tenant := range slices.Sorted(maps.Keys(v)) {
		for _, key := range slices.Sorted(maps.Keys(v[tenant])) {
			lines = append(lines, fmt.Sprintf("client of %s: %s %s", tenant, strings.Fields(key)[0], v[tenant][key].text))
		}
	}
	return lines
}

// present returns the views of clients who read the tables just now.
func present(ctx context.Context, conn *pgx.Conn, known map[string]relation) (views, error) {
	v := views{}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		r := known[name]
		rows, err := conn.Query(ctx, `select row_to_json(x)::text from `+pgx.Identifier{name}.Sanitize()+` x`)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		images, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		for _, image := range images {
			found, err := r.read(image)
			if err != nil {
				return nil, err
			}
			v.put(found.tenant, found)
		}
	}
	return v, nil
}

// reader is the clients of a database: they read the tables once and follow
// the order from there.
type reader struct {
	conn     *pgx.Conn
	known    map[string]relation
	views    views
	sequence int64
}

func follow(ctx context.Context, conn *pgx.Conn) (*reader, error) {
	f := &reader{conn: conn}
	var err error
	if f.known, err = relations(ctx, conn); err != nil {
		return nil, err
	}
	if _, err := f.advance(ctx); err != nil {
		return nil, err
	}
	f.views, err = present(ctx, conn, f.known)
	return f, err
}

// advance seals and answers what is new.
func (f *reader) advance(ctx context.Context) ([]change, error) {
	from := f.sequence
	if err := f.conn.QueryRow(ctx, `select rowcast.seal()`).Scan(&f.sequence); err != nil {
		return nil, fmt.Errorf("seal: %w", explain(err))
	}
	if f.views == nil {
		return nil, nil
	}
	return history(ctx, f.conn, from)
}

// catchUp has the clients follow to the end. It returns what they got and how
// what they hold then differs from the tables.
func (f *reader) catchUp(ctx context.Context) (changes []change, diff string, err error) {
	if changes, err = f.advance(ctx); err != nil {
		return nil, "", err
	}
	truth, err := present(ctx, f.conn, f.known)
	if err != nil {
		return changes, "", err
	}
	for _, c := range changes {
		if err := f.views.apply(c, f.known, truth); err != nil {
			return changes, "", err
		}
	}
	diff = cmp.Diff(strings.Join(truth.lines(), "\n"), strings.Join(f.views.lines(), "\n"))
	f.views = truth
	return changes, diff, nil
}

// written writes changes in lines such as
//
//	docs T u (1,T,uno)<(1,T,one)
func written(t testing.TB, changes []change) []string {
	t.Helper()
	var lines []string
	for _, c := range changes {
		line := fmt.Sprintf("%s %s %s", c.table, c.tenant, c.op)
		switch c.op {
		case "i":
			line += " " + brief(t, []string{c.after})
		case "u":
			line += " " + brief(t, []string{c.after}) + "<" + brief(t, []string{c.before})
		case "d":
			line += " " + brief(t, []string{c.before})
		}
		lines = append(lines, line)
	}
	return lines
}

// leading is a way in which one statement leads to another.
type leading struct {
	name  string
	since int // major version of PostgreSQL
	setup []string
	// run is done by a new session. What begins with "!" has to fail.
	run []string
	// want is the exact order, if there is but one that is right.
	want []string
}

// Whatever leads from one statement to another: who follows the order holds
// what the table holds, and where there is one order that is right, it is that.
func TestEveryWayOneStatementLeadsToAnother(t *testing.T) {
	t.Parallel()
	roles(t, map[string]string{"order_owner": "login"})
	names := map[string]bool{}
	for _, test := range slices.Concat(
		cascades(), triggerWrites(), replacements(), functionCalls(), manyParts(), keysAndTenants(), failures(), partitions()) {
		if names[test.name] {
			t.Fatalf("two cases are called %q", test.name)
		}
		names[test.name] = true
		for _, owner := range []string{"postgres", "order_owner"} {
			t.Run(test.name+", of "+owner, func(t *testing.T) {
				t.Parallel()
				test.follow(t, owner)
			})
		}
	}
}

// giveTables makes a role the owner of all tables.
func giveTables(owner string) string {
	return strings.ReplaceAll(`
		do $$ declare s text; begin
			for s in select format('alter table %s owner to OWNER', c.oid::regclass) from pg_class c where c.relnamespace in ('public'::regnamespace, to_regnamespace('s')) and c.relkind in ('r', 'p')
				union all select format('grant usage on schema %1$s to OWNER; grant all on all sequences in schema %1$s to OWNER', n.nspname) from pg_namespace n where n.nspname in ('public', 's')
			loop execute s; end loop;
			perform rowcast.let_capture_look();
		end $$`, "OWNER", owner)
}

// follow does what the case says with tables of the owner.
func (test leading) follow(t *testing.T, owner string) {
	t.Helper()
	changes, diff := test.do(t, owner, "", "")
	lines := written(t, changes)
	if len(lines) > 40 {
		lines = append(lines[:40], "...")
	}
	if diff != "" {
		t.Errorf("the clients hold something else (-table +client):\n%s\nthe order:\n%s", diff, strings.Join(lines, "\n"))
	}
	if test.want != nil {
		if diff := cmp.Diff(strings.Join(test.want, "\n"), strings.Join(lines, "\n")); diff != "" {
			t.Errorf("the order differs (-want +got):\n%s", diff)
		}
	}
	if len(changes) == 0 {
		t.Error("nothing was changed, which proves nothing")
	}
}

// do does what the case says in a new database with tables of the owner, after what
// is said of tables and session. It answers the changes, and how what the clients hold
// then differs from the tables.
func (test leading) do(t *testing.T, owner, tables, session string) ([]change, string) {
	t.Helper()
	d := newDatabase(t, `insert into docs values (1, 'T', 'one'), (2, 'T', 'two'), (3, 'U', 'three')`)
	if test.since*10000 > pgtest.Query[int](t, d.Conn, `select current_setting('server_version_num')::int`) {
		t.Skipf("PostgreSQL %d has it", test.since)
	}
	d.Exec(t, test.setup...)
	d.Exec(t, giveTables(owner), tables)
	f, err := follow(t.Context(), d.Conn)
	if err != nil {
		t.Fatal(err)
	}
	writer := d.Connect(t)
	pgtest.Exec(t, writer, session)
	for _, statement := range test.run {
		if failing, ok := strings.CutPrefix(statement, "!"); ok {
			refused(t, writer, failing)
		} else {
			pgtest.Exec(t, writer, statement)
		}
	}
	changes, diff, err := f.catchUp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return changes, diff
}
