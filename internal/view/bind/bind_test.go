package bind_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/view"
	"rowcast/internal/view/bind"
	"rowcast/internal/view/where"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func pool(t *testing.T, e *pgtest.Env) *pgxpool.Pool {
	t.Helper()
	p, err := postgres.Open(t.Context(), e.DSN, "test", 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// drawn are columns of the table of these tests, each with values as SQL writes them.
var drawn = []struct {
	name, typ string
	kind      where.Kind
	values    []string
}{
	{"yes", "boolean", where.Alike, []string{"true", "false"}},
	{"whole", "bigint", where.Number, []string{"0", "-1", "5", "9007199254740993", "9007199254740992", "9223372036854775807"}},
	{"total", "numeric", where.Number, []string{"0", "1.10", "1.1", "-3.5", "12345678901234567890.123", "NaN", "1e-20"}},
	{"ratio", "double precision", where.Number, []string{"0", "-0", "1.5", "1e300", "NaN", "Infinity", "-Infinity"}},
	{"word", "text", where.Text, []string{"", "a", "B", "ä", "a\"b", "a\\b", "\n", "z", "\U0001F600", "null"}},
	{"short", "short", where.Text, []string{"", "ab", "abcd", "Ab"}},
	{"fixed", "character(3)", where.Text, []string{"a", "ab", "abc", "", "ab  "}},
	{"key", "uuid", where.Alike, []string{"0e37df36-f698-11e6-8dd4-cb9ced3df976", "ffffffff-0000-0000-0000-000000000000"}},
	{"mood", "mood", where.Alike, []string{"ok", "not ok"}},
	{"day", "date", where.Time, []string{"2026-01-02", "0044-03-15 BC", "0043-03-15 BC", "10000-01-01", "9999-12-31", "infinity", "-infinity"}},
	{"at", "timestamp without time zone", where.Time, []string{"2026-01-02 03:04:05", "2026-01-02 03:04:05.1", "2026-01-02 03:04:05.12", "2026-01-02 03:04:05.000001", "12000-01-01", "0001-01-01 BC"}},
	{"since", "timestamp with time zone", where.Time, []string{"2026-01-02 03:04:05+00", "2026-01-02 03:04:05+01", "2026-01-02 03:04:05.5+00", "infinity"}},
	{"doc", "jsonb", where.Other, []string{"{}", "1"}},
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// TestBoundRows draws filters, and compares the rows that match, as the log has them, with
// those that PostgreSQL finds.
func TestBoundRows(t *testing.T) {
	t.Parallel()
	var names, definitions []string
	for _, d := range drawn {
		names, definitions = append(names, d.name), append(definitions, d.name+" "+d.typ)
	}
	e := pgtest.Migrated(t, `create type mood as enum ('ok', 'not ok')`, `create domain short as character varying(4)`,
		`create table rows (id int generated always as identity primary key, tenant_id text default 'T', hidden text, `+strings.Join(definitions, ", ")+`)`,
		`select rowcast.watch('rows', name => 'stem', exclude => '{hidden}')`)
	conn := e.Conn
	binder := bind.New(pool(t, e))
	for n := range 40 {
		var values []string
		for i, d := range drawn {
			k := (n*(i+3) + n/3) % (len(d.values) + 1)
			if k == len(d.values) {
				values = append(values, "null")
			} else {
				values = append(values, literal(d.values[k]))
			}
		}
		pgtest.Exec(t, conn, fmt.Sprintf(`insert into rows (%s) values (%s)`, strings.Join(names, ", "), strings.Join(values, ", ")))
	}
	texts := pgtest.Column[string](t, conn, `select a.image::text from rowcast.log l cross join unnest(l.after) a (image) order by (a.image ->> 'id')::int`)
	casts := map[string]string{}
	for _, d := range drawn {
		casts[d.name] = pgtest.Query[string](t, conn, `select format_type((rowcast.base_type($1::text::regtype)).oid, -1)`, d.typ)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var alternatives, conditions []string
		for range rapid.IntRange(1, 3).Draw(rt, "alternatives") {
			var members, holds []string
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(drawn)-1), 0, 3, rapid.ID[int]).Draw(rt, "columns") {
				d := drawn[i]
				member, sql := condition(rt, d.name, d.typ, d.kind, d.values)
				members, holds = append(members, member), append(holds, sql)
			}
			alternatives = append(alternatives, "{"+strings.Join(members, ",")+"}")
			conditions = append(conditions, "("+strings.Join(append(holds, "true"), " and ")+")")
		}
		text := `{"stem":[` + strings.Join(alternatives, ",") + `]}`
		seen, err := binder.Bind(t.Context(), []byte(text))
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		sql := `select id from rows where ` + strings.Join(conditions, " or ") + ` order by id`
		want := pgtest.Column[int](t, conn, sql)
		var got []int
		for i, text := range texts {
			var c view.Change
			c.Set(&feed.Change{Name: "stem", Op: feed.Insert, After: []byte(text)}, nil)
			if seen.Decide(&c)[0].Is {
				got = append(got, i+1)
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%s matches %v; %s finds %v", text, got, sql, want)
		}
		filter, err := where.Parse([]byte(text))
		if err != nil {
			rt.Fatal(err)
		}
		condition, args := filter.SQL("stem", casts, rapid.Bool().Draw(rt, "masked"), nil)
		found := pgtest.Column[int](t, conn, `select id from rows r where `+condition, args...)
		for _, id := range want {
			if !slices.Contains(found, id) {
				rt.Fatalf("%s finds %v; it lacks %d", condition, found, id)
			}
		}
	})
}

// condition draws a condition on a column, as JSON and as SQL.
func condition(rt *rapid.T, name, typ string, kind where.Kind, values []string) (member, sql string) {
	operators := map[string]string{"eq": "=", "ne": "<>", "in": "in"}
	if kind == where.Number || kind == where.Text || kind == where.Time {
		operators["lt"], operators["lte"], operators["gt"], operators["gte"] = "<", "<=", ">", ">="
	}
	form := rapid.SampledFrom([]string{"null", "not null", "plain", "operator", "operator", "operator"}).Draw(rt, "form")
	if kind == where.Other {
		form = rapid.SampledFrom([]string{"null", "not null"}).Draw(rt, "form")
	}
	value := func() (text, sql string) {
		v := rapid.SampledFrom(values).Draw(rt, "value")
		text = marshal(v)
		if kind == where.Number && strings.Trim(v, "-0123456789.e") == "" && rapid.Bool().Draw(rt, "as a number") || typ == "boolean" {
			text = v
		}
		return text, literal(v) + "::" + typ
	}
	left := name
	if kind == where.Text {
		left += ` collate "C"`
	}
	switch form {
	case "null":
		return fmt.Sprintf(`%q:null`, name), name + " is null"
	case "not null":
		return fmt.Sprintf(`%q:{"ne":null}`, name), name + " is not null"
	case "plain":
		text, sql := value()
		return fmt.Sprintf(`%q:%s`, name, text), left + " = " + sql
	}
	op := rapid.SampledFrom(slices.Sorted(maps.Keys(operators))).Draw(rt, "operator")
	text, sql := value()
	if op == "in" {
		more, moreSQL := value()
		return fmt.Sprintf(`%q:{"in":[%s,%s]}`, name, text, more), fmt.Sprintf("%s in (%s, %s)", left, sql, moreSQL)
	}
	return fmt.Sprintf(`%q:{%q:%s}`, name, op, text), fmt.Sprintf("%s %s %s", left, operators[op], sql)
}

func marshal(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// counting counts queries.
type counting struct {
	bind.Database
	mu sync.Mutex
	n  int
}

func (c *counting) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
}

func (c *counting) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	c.count()
	return c.Database.Query(ctx, query, args...)
}

func (c *counting) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	c.count()
	return c.Database.QueryRow(ctx, query, args...)
}

func watched(t *testing.T) *pgtest.Env {
	t.Helper()
	return pgtest.Migrated(t, `create table orders (id int primary key, tenant_id text, total numeric, doc jsonb, secret text, at timestamptz)`,
		`select rowcast.watch('orders', exclude => '{secret}')`)
}

func TestFiltersAreShared(t *testing.T) {
	t.Parallel()
	db := &counting{Database: pool(t, watched(t))}
	b := bind.New(db)
	texts := []string{`{"order":{"id":1,"total":{"gt":5}}}`, `{"order":{"total":{"gt":"5"},"id":{"eq":1}}}`}
	var views [40]*view.View
	var all sync.WaitGroup
	for i := range views {
		all.Go(func() {
			v, err := b.Bind(t.Context(), []byte(texts[i%2]))
			if err != nil {
				t.Error(err)
			}
			views[i] = v
		})
	}
	all.Wait()
	for _, v := range views {
		if v != views[0] {
			t.Error("equal filters have two views")
		}
	}
	if db.n != 2 {
		t.Errorf("%d queries, want 2: columns and values", db.n)
	}
	for n := range 5000 {
		if _, err := b.Bind(t.Context(), fmt.Appendf(nil, `{"order":{"id":null,"total":{"ne":null}},"order":%d}`, n)); err == nil {
			t.Fatal("accepted")
		}
	}
	if db.n != 2 {
		t.Errorf("what is malformed costs %d queries", db.n-2)
	}
}

// TestFiltersOfOtherTypes: equal texts that stand for other values have other views.
func TestFiltersOfOtherTypes(t *testing.T) {
	t.Parallel()
	e := pgtest.Migrated(t, `create table orders (id int primary key, tenant_id text, code int)`, `select rowcast.watch('orders')`)
	db := pool(t, e)
	key := func(text string) string {
		v, err := bind.New(db).Bind(t.Context(), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v.Key()
	}
	code := key(`{"order":{"code":"7"}}`)
	if key(`{"order":[{"code":{"eq":7}}]}`) != code {
		t.Error("equal filters have two views")
	}
	pgtest.Exec(t, e.Conn, `alter table orders alter code type text`)
	if key(`{"order":{"code":"7"}}`) == code {
		t.Error("a filter of an integer column and one of a text column are one view")
	}
}

func TestRefusedByDatabase(t *testing.T) {
	t.Parallel()
	b := bind.New(pool(t, watched(t)))
	for text, want := range map[string]string{
		`{"orders":{"id":1}}`:                 `where.orders: there is no such stem; there are: order`,
		`{"order":{"secret":"x"}}`:            `where.order.secret: there is no such column; there are: at, doc, id, tenant_id, total`,
		`{"order":{"id":1.5}}`:                `where.order.id: "1.5" is no value of type integer`,
		`{"order":{"id":99999999999}}`:        `where.order.id: "99999999999" is no value of type integer`,
		`{"order":{"tenant_id":"\u0000"}}`:    `where.order.tenant_id: "\x00" is no value of type text`,
		`{"order":{"at":{"gt":"yesterday"}}}`: `where.order.at.gt: "yesterday" is no value of type timestamp with time zone`,
		`{"order":{"at":"2026-13-01"}}`:       `where.order.at: "2026-13-01" is no value of type timestamp with time zone`,
		`{"order":{"doc":"{}"}}`:              `where.order.doc: a column of type jsonb cannot be compared`,
	} {
		_, err := b.Bind(t.Context(), []byte(text))
		if p, ok := errors.AsType[*where.Problem](err); !ok || !strings.HasPrefix(p.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}
