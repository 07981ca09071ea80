package conform_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// The rules of the leak test are drawn from a grammar with two forms: the policy has CEL,
// the reference SQL. A condition in SQL is null where CEL fails: both then agree about
// and, or, not.

// condition is one of a role or an event.
type condition struct {
	cel string
	// sql is the same, about a row with an alias such as "n", whose image is "ni". old is
	// the alias of the row before, for events.
	sql func(alias, old string, s *viewer) string
	// columns and claims are those that it names.
	columns, claims []string
	// bare is a column alone, which is null and not false where it is null.
	bare bool
}

// drawing draws what a round is about.
type drawing struct{ *rand.Rand }

func pick[T any](d drawing, of ...T) T { return of[d.IntN(len(of))] }

// chance is true once in n times.
func (d drawing) chance(n int) bool { return d.IntN(n) == 0 }

// some draws a part of a list, in its order.
func some[T any](d drawing, of []T) (part []T) {
	for _, x := range of {
		if d.chance(2) {
			part = append(part, x)
		}
	}
	return part
}

// quoted is a constant in SQL, and text one in JSON and CEL.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// about makes a condition of a column, with the value of SQL in place of %s. An image
// that lacks the column fails.
func about(c column, cel, sql string) condition {
	return condition{
		cel: strings.ReplaceAll(cel, "%s", "row."+c.name),
		sql: func(alias, _ string, _ *viewer) string {
			return fmt.Sprintf("case when %si ? '%s' then %s end", alias, c.name, strings.ReplaceAll(sql, "%s", alias+"."+c.name))
		},
		columns: []string{c.name},
	}
}

// yes has SQL that is unknown mean no, as null does in CEL under all operators but ==.
func yes(sql string) string { return "coalesce(" + sql + ", false)" }

// with makes a condition of a column and a claim, with its value in SQL in place of @. It
// fails without the claim.
func with(c column, claim, cel, sql string, write func(v any) string) condition {
	made := about(c, cel, sql)
	inner := made.sql
	made.claims = []string{claim}
	made.sql = func(alias, old string, s *viewer) string {
		v, there := s.claims[claim]
		if !there {
			return "null::boolean"
		}
		return strings.ReplaceAll(inner(alias, old, s), "@", write(v))
	}
	return made
}

func literalOf(v any) string {
	switch v := v.(type) {
	case int64:
		return fmt.Sprint(v)
	case string:
		return quoted(v)
	}
	panic(fmt.Sprintf("no literal: %v", v))
}

// listOf writes the members of a claim that have the type of a column.
func listOf(numbers bool) func(v any) string {
	return func(v any) string {
		var all []string
		for _, one := range v.([]any) { //nolint:forcetypeassert // such claims are lists
			if _, isNumber := one.(int64); isNumber == numbers {
				all = append(all, literalOf(one))
			}
		}
		if all == nil {
			all = []string{"null"}
		}
		return strings.Join(all, ", ")
	}
}

// comparison draws a condition on one column.
func (d drawing) comparison(c column, claims bool) condition {
	null := func() condition {
		return pick(d, about(c, "%s == null", "(%s is null)"), about(c, "%s != null", "(%s is not null)"))
	}
	if d.chance(6) {
		return null()
	}
	op := pick(d, "==", "!=", "<", "<=", ">", ">=")
	equality := pick(d, "==", "!=")
	inSQL := func(op string) string { return map[string]string{"==": "=", "!=": "<>"}[op] }
	switch c.kind {
	case kindInt:
		if claims && d.chance(2) {
			if d.chance(3) {
				return with(c, "list", "%s in claims.list", yes("%s in (@)"), listOf(true))
			}
			sign := strings.NewReplacer("==", "=", "!=", "<>").Replace(op)
			return with(c, "house", "%s "+op+" claims.house", yes("%s "+sign+" @"), literalOf)
		}
		if d.chance(3) {
			return about(c, "%s in [5, 9007199254740993]", yes("%s in (5, 9007199254740993)"))
		}
		n := pick(d, "5", "6", "9007199254740992")
		return about(c, "%s "+op+" "+n, yes("%s "+strings.NewReplacer("==", "=", "!=", "<>").Replace(op)+" "+n))
	case kindText:
		if claims && d.chance(2) {
			if d.chance(3) {
				return with(c, "list", "%s in claims.list", yes("%s in (@)"), listOf(false))
			}
			return with(c, "state", "%s "+equality+" claims.state", yes("%s "+inSQL(equality)+" @"), literalOf)
		}
		v := pick(d, states...)
		return about(c, "%s "+equality+" "+text(v), yes("%s "+inSQL(equality)+" "+quoted(v)))
	case kindUUID:
		if claims && d.chance(2) {
			return with(c, "me", "%s "+equality+" claims.me", yes("%s::text "+inSQL(equality)+" @"), literalOf)
		}
		return about(c, "%s == "+text(owners[0]), yes("%s = "+quoted(owners[0])))
	case kindBool:
		made := about(c, "%s", yes("%s"))
		if made.bare = d.chance(2); !made.bare {
			made = about(c, "%s == false", yes("%s = false"))
		}
		return made
	case kindNumeric:
		order := pick(d, "<", ">=")
		return about(c, "num(%s) "+order+" 100", yes("%s "+order+" 100"))
	case kindTime:
		order := pick(d, "<", ">=")
		return about(c, "%s "+order+" timestamp('2026-06-01T00:00:00Z')", yes("%s "+order+" '2026-06-01T00:00:00Z'"))
	}
	return null()
}

// condition draws one that is at most so deep.
func (d drawing) condition(columns []column, claims bool, depth int) condition {
	if depth == 0 || d.chance(3) {
		if d.chance(12) {
			return condition{cel: "tenant == 'nobody'", sql: func(string, string, *viewer) string { return "false" }}
		}
		return d.comparison(pick(d, columns...), claims)
	}
	x := d.condition(columns, claims, depth-1)
	if d.chance(4) && !x.bare {
		return x.under(func(sql string) string { return "not " + sql }, "!("+x.cel+")")
	}
	y := d.condition(columns, claims, depth-1)
	joined := condition{columns: slices.Concat(x.columns, y.columns), claims: slices.Concat(x.claims, y.claims)}
	cel, sql := "&&", "and"
	if d.chance(2) {
		cel, sql = "||", "or"
	}
	joined.cel = "(" + x.cel + " " + cel + " " + y.cel + ")"
	joined.sql = func(alias, old string, s *viewer) string {
		return "(" + x.sql(alias, old, s) + " " + sql + " " + y.sql(alias, old, s) + ")"
	}
	return joined
}

// under is a condition within another expression.
func (x condition) under(sql func(string) string, cel string) condition {
	y := x
	y.cel = cel
	y.sql = func(alias, old string, s *viewer) string { return "(" + sql("("+x.sql(alias, old, s)+")") + ")" }
	return y
}

// before has a condition ask of the row before.
func (x condition) before() condition {
	y := x
	y.cel = strings.ReplaceAll(x.cel, "row.", "old.")
	y.sql = func(_, old string, s *viewer) string { return x.sql(old, old, s) }
	return y
}

// role is one of the table.
type role struct {
	name      string
	all, none bool
	// columns are those that it has.
	columns []string
	rows    *condition
}

// own is an event that the policy gives the table.
type own struct {
	name string
	on   string
	when *condition
	// data are columns, nil for the row.
	data []string
}

// names are the columns that it is made of.
func (o *own) names() []string {
	if o.when == nil {
		return o.data
	}
	return slices.Concat(o.data, o.when.columns)
}

// rules are a policy for the table.
type rules struct {
	roles []role
	own   []own
	// written are the columns that the table had.
	written []string
	text    string
}

// rules draws a policy.
func (d drawing) rules(w *table) *rules {
	r := &rules{written: w.captured()}
	members := map[string]any{}
	list := map[string]any{}
	for _, name := range []string{"a", "b", "c", "*"} {
		one := role{name: name, columns: r.written}
		form := d.IntN(12)
		switch {
		case name != "*" && d.chance(6):
			continue
		case form == 0:
			one.all = true
			list[name] = map[string]any{}
		case form == 1 || name == "*" && form < 5:
			one.none = true
			list[name] = "none"
		default:
			list[name] = d.limits(w, &one)
		}
		r.roles = append(r.roles, one)
	}
	if list["*"] == nil && len(list) == 0 {
		list["*"] = "none"
		r.roles = append(r.roles, role{name: "*", none: true})
	}
	members["roles"] = list
	var events []any
	for i := range d.IntN(4) {
		o, written := d.own(w, i)
		r.own = append(r.own, o)
		events = append(events, written)
	}
	if events != nil {
		members["events"] = events
	}
	r.text = text(map[string]any{"tables": map[string]any{w.stem: members}})
	return r
}

// limits draws which columns and rows a role has.
func (d drawing) limits(w *table, one *role) any {
	form := map[string]any{}
	if !d.chance(4) {
		var except, only []string
		for _, c := range w.columns {
			switch {
			case c.excluded:
			case c.key || d.IntN(5) > 1:
				only = append(only, c.name)
			default:
				except = append(except, c.name)
			}
		}
		one.columns = only
		if d.chance(2) || except == nil {
			form["columns"] = map[string]any{"only": only}
		} else {
			form["columns"] = map[string]any{"except": except}
		}
	}
	if len(form) == 0 || !d.chance(4) {
		rows := d.condition(w.asked(), true, 2)
		one.rows = &rows
		form["rows"] = rows.cel
	}
	return form
}

// own draws an event of the table.
func (d drawing) own(w *table, i int) (own, any) {
	o := own{name: fmt.Sprintf("%s:own%d", w.stem, i), on: pick(d, "update", "update", "insert", "delete")}
	form := map[string]any{"name": o.name, "on": o.on}
	if !d.chance(3) {
		when := d.condition(w.asked(), false, 1)
		if o.on == "update" && d.chance(2) {
			old := d.condition(w.asked(), false, 0).before()
			now := when
			when = condition{
				cel: now.cel + " || " + old.cel, columns: slices.Concat(now.columns, old.columns),
				sql: func(alias, before string, s *viewer) string {
					return "(" + now.sql(alias, before, s) + " or " + old.sql(alias, before, s) + ")"
				},
			}
		}
		o.when = &when
		form["when"] = when.cel
	}
	if !d.chance(3) {
		for _, c := range w.columns {
			if !c.excluded && d.chance(3) {
				o.data = append(o.data, c.name)
			}
		}
	}
	if o.data != nil {
		form["data"] = o.data
	}
	return o, form
}

// grant is what one role gives a viewer.
type grant struct {
	columns []string
	rows    *condition
}

// grants are what a viewer has of the table as it is now. all is true for everything.
func (r *rules) grants(w *table, s *viewer) (given []grant, all bool) {
	if r == nil {
		return nil, true
	}
	var roles []role
	named := false
	for _, one := range r.roles {
		if one.name != "*" && slices.Contains(s.roles, one.name) {
			roles, named = append(roles, one), true
		}
	}
	for _, one := range r.roles {
		if one.name == "*" && !named {
			roles = append(roles, one)
		}
	}
	for _, one := range roles {
		if one.all {
			return nil, true
		}
		if one.none || !w.has(one.rows) || slices.ContainsFunc(w.keys(), func(key string) bool { return !slices.Contains(one.columns, key) }) {
			continue
		}
		given = append(given, grant{one.columns, one.rows})
	}
	return given, false
}

// claims are those that a server needs of a viewer.
func (r *rules) claims(w *table, s *viewer) (names []string) {
	given, _ := r.grants(w, s)
	for _, g := range given {
		if g.rows != nil {
			names = append(names, g.rows.claims...)
		}
	}
	return names
}

// signature is the same for viewers with the same view, empty for everything.
func (r *rules) signature(w *table, s *viewer) string {
	given, all := r.grants(w, s)
	if all {
		return ""
	}
	lines, claims := []string{}, map[string]any{}
	for _, g := range given {
		columns, rows := slices.Sorted(slices.Values(g.columns)), ""
		if g.rows != nil {
			rows = g.rows.cel
			for _, name := range g.rows.claims {
				if v, there := s.claims[name]; there {
					claims[name] = v
				}
			}
		}
		lines = append(lines, fmt.Sprintf("%q %q", columns, rows))
	}
	slices.Sort(lines)
	return fmt.Sprintf("%q %s", slices.Compact(lines), text(claims))
}
