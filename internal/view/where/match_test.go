package where_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"rowcast/internal/feed/row"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/where"
)

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
	{"short", "character varying(4)", where.Text, []string{"", "ab", "abcd", "Ab"}},
	{"fixed", "character(3)", where.Text, []string{"a", "ab", "abc", ""}},
	{"key", "uuid", where.Alike, []string{"0e37df36-f698-11e6-8dd4-cb9ced3df976", "ffffffff-0000-0000-0000-000000000000"}},
	{"mood", "mood", where.Alike, []string{"ok", "not ok"}},
	{"day", "date", where.Time, []string{"2026-01-02", "0044-03-15 BC", "0043-03-15 BC", "10000-01-01", "9999-12-31", "infinity", "-infinity"}},
	{"at", "timestamp without time zone", where.Time, []string{"2026-01-02 03:04:05", "2026-01-02 03:04:05.1", "2026-01-02 03:04:05.12", "2026-01-02 03:04:05.000001", "12000-01-01", "0001-01-01 BC"}},
	{"since", "timestamp with time zone", where.Time, []string{"2026-01-02 03:04:05+00", "2026-01-02 03:04:05+01", "2026-01-02 03:04:05.5+00", "infinity"}},
	{"doc", "jsonb", where.Other, []string{"{}", "1"}},
}

func columns() map[string]where.Column {
	m := map[string]where.Column{}
	for _, d := range drawn {
		m[d.name] = where.Column{Type: d.typ, Kind: d.kind}
	}
	return m
}

// cast casts values in the database, one by one.
func cast(conn *pgx.Conn) where.Cast {
	return func(ctx context.Context, wanted []where.Wanted) ([]json.RawMessage, error) {
		values := make([]json.RawMessage, len(wanted))
		for i, w := range wanted {
			var text string
			if err := conn.QueryRow(ctx, fmt.Sprintf("select to_json($1::text::%s)::text", w.Type), w.Text).Scan(&text); err == nil {
				values[i] = json.RawMessage(text)
			}
		}
		return values, nil
	}
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// TestMatch draws filters, and compares the rows that match with those that PostgreSQL
// finds.
func TestMatch(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, pgtest.Database(t))
	var names, definitions []string
	for _, d := range drawn {
		names, definitions = append(names, d.name), append(definitions, d.name+" "+d.typ)
	}
	pgtest.Exec(t, conn, `set timezone = 'UTC'; set extra_float_digits = 1`, `create type mood as enum ('ok', 'not ok')`,
		`create table rows (id int generated always as identity, `+strings.Join(definitions, ", ")+`)`)
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
	texts := pgtest.Column[string](t, conn, `select row_to_json(r)::text from rows r order by id`)
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
		f, err := where.Parse([]byte(text))
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		bound, err := f.Bind(t.Context(), map[string]map[string]where.Column{"stem": columns()}, cast(conn))
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		sql := `select id from rows where ` + strings.Join(conditions, " or ") + ` order by id`
		want := pgtest.Column[int](t, conn, sql)
		var got []int
		for i, text := range texts {
			if r := row.Scan([]byte(text), nil); bound["stem"].Match(&r, nil) {
				got = append(got, i+1)
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%s matches %v; %s finds %v", text, got, sql, want)
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

func TestRefusals(t *testing.T) {
	t.Parallel()
	all := func(context.Context, []where.Wanted) ([]json.RawMessage, error) { return []json.RawMessage{nil}, nil }
	for text, want := range map[string]string{
		`[]`:                              "where: it has to be an object of stems of events",
		`{"order":{}} {}`:                 "where: something follows the object",
		`{"order:*":{}}`:                  `where.order:*: name the stem alone`,
		`{"order":5}`:                     "where.order[0]: it has to be an object of columns",
		`{"order":[]}`:                    "where.order: it has 0 alternatives; 1 to 8 are allowed",
		`{"order":{},"order":{}}`:         "where.order: it is there twice",
		`{"order":{"a":[1]}}`:             "where.order.a: it has to be a text, a number, true or false",
		`{"order":{"a":{}}}`:              "where.order.a: it has no operator; there are",
		`{"order":{"a":{"like":"x"}}}`:    `where.order.a.like: there is no operator "like"; there are`,
		`{"order":{"a":{"in":5}}}`:        "where.order.a.in: it has to be an array of values",
		`{"order":{"a":{"in":[]}}}`:       "where.order.a.in: it has 0 values; 1 to 100 are allowed",
		`{"order":{"a":{"in":[1,null]}}}`: "where.order.a.in[1]: it has to be a text",
		`{"order":{"a":{"lt":null}}}`:     "where.order.a.lt: null is neither less nor greater",
		`{"order":`:                       "where.order: it is no JSON",
		`{"orders":{}}`:                   "where.orders: there is no such stem; there are: stem",
		`{"stem":{"cost":1}}`:             "where.stem.cost: there is no such column; there are: at, day, doc,",
		`{"stem":{"doc":1}}`:              "where.stem.doc: a column of type jsonb cannot be compared with eq",
		`{"stem":{"yes":{"lt":true}}}`:    "where.stem.yes.lt: a column of type boolean cannot be compared with lt",
		`{"stem":{"whole":"x"}}`:          `where.stem.whole: "x" is no value of type bigint`,
		"{\"stem\":{\"word\":\"" + strings.Repeat("x", 9000) + "\"}}": "where: it has 9020 bytes, at most 8192 are allowed",
	} {
		f, err := where.Parse([]byte(text))
		if err == nil {
			_, err = f.Bind(t.Context(), map[string]map[string]where.Column{"stem": columns()}, all)
		}
		if p, ok := errors.AsType[*where.Problem](err); !ok || !strings.HasPrefix(p.Error(), want) {
			t.Errorf("%.60s: %v; want %s", text, err, want)
		}
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{`{"a":{"x":1,"y":"b"},"b":{}}`, `{"b":{},"a":{"y":{"eq":"b"},"x":{"eq":1}}}`, `{"b":[{}],"a":[{"y":"b","x":"1"},{"x":1,"y":"b"}]}`},
		{`{"a":{"x":null}}`, `{"a":{"x":{"eq":null}}}`},
		{`{"a":{"x":{"in":[2,1,2]}}}`, `{"a":{"x":{"in":[1,2]}}}`},
		{`{"a":{"x":{"gt":1,"lt":5}}}`, `{"a":{"x":{"lt":5,"gt":1}}}`},
	} {
		first := ""
		for i, text := range same {
			f, err := where.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if c := f.Canonical(); i == 0 {
				first = c
			} else if c != first {
				t.Errorf("%s is %s, want %s", text, c, first)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"order":{"a":{"in":[1,"b",true]},"b":null}}`))
	f.Add([]byte(`{"order":[{"a":{"gte":1.5e3}},{"a":{"ne":null}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := where.Parse(text)
		if err != nil {
			return
		}
		values := func(_ context.Context, w []where.Wanted) ([]json.RawMessage, error) {
			list := make([]json.RawMessage, len(w))
			for i := range w {
				list[i] = json.RawMessage(marshal(w[i].Text))
			}
			return list, nil
		}
		if bound, err := parsed.Bind(t.Context(), map[string]map[string]where.Column{"order": columns()}, values); err == nil {
			r := row.Scan([]byte(`{"a":1,"word":"x"}`), nil)
			for _, p := range bound {
				p.Match(&r, nil)
			}
		}
	})
}
