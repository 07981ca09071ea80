package triggers_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// step is a statement of a transaction.
type step struct {
	sql  string
	data string // what copy reads
	note string // what it is counted as
}

// action is a drawn transaction.
type action struct {
	// careful: each statement has a savepoint, to which a failure rolls back. If
	// not, the whole begins anew without the statement that failed.
	careful bool
	// single: each statement is a transaction.
	single bool
	steps  []step
}

// GoString writes the transaction in SQL.
func (d action) GoString() string {
	var lines strings.Builder
	fmt.Fprintf(&lines, "careful %t, single %t", d.careful, d.single)
	for _, s := range d.steps {
		lines.WriteString("\n" + s.sql + ";")
	}
	return lines.String()
}

func (p *plan) drawAction(t *rapid.T) action {
	d := action{careful: rapid.Bool().Draw(t, "careful")}
	d.single = !d.careful && often(t, "single", 1)
	d.steps = slices.Concat(several(t, "statements", 1, 5, func(t *rapid.T) []step {
		switch extra := number(t, "extra", 0, 19); {
		case d.single || extra < 15:
			return []step{p.drawStatement(t)}
		case extra == 15:
			return []step{{sql: "savepoint drawn"}, p.drawStatement(t), {sql: "rollback to drawn", note: "rolled back"}, p.drawStatement(t)}
		case extra == 16:
			return []step{{sql: "savepoint drawn"}, p.drawStatement(t), {sql: "release drawn"}}
		case extra == 17:
			return []step{{sql: "set constraints all immediate", note: "made immediate"}}
		default:
			return []step{
				{sql: "set local session_replication_role = replica"},
				p.drawStatement(t), p.drawStatement(t),
				{sql: "set local session_replication_role = origin", note: "replica"},
			}
		}
	})...)
	return d
}

// call draws a function that writes, or what does nothing.
func (p *plan) call(t *rapid.T, key string) string {
	if len(p.functions) == 0 {
		return key
	}
	return pick(t, "function", p.functions...) + "(" + key + ")"
}

func (p *plan) drawStatement(t *rapid.T) step {
	x := p.busyTable(t)
	name := pick(t, "part", x.parts...)
	var top writing
	few := func() string {
		return pick(t, "few", "where id <= 2", "where id >= 2", "where id = "+top.key(t), "")
	}
	switch kind := pick(t, "statement", "simple", "simple", "update", "delete", "insert", "insert calls", "calls", "expressions", "merge", "truncate", "loop", "copy", "swap"); kind {
	case "update":
		return step{sql: "update " + name + " set " + p.set(t, top, name) + " " + few(), note: kind}
	case "delete":
		return step{sql: "delete from " + name + " " + few(), note: kind}
	case "insert":
		rows := several(t, "rows", 2, 4, func(t *rapid.T) string { return "(" + p.row(t, top, top.key(t)) + ")" })
		return step{sql: "insert into " + name + " (" + columns + ") values " + strings.Join(rows, ", ") + conflict(t, p, top, name), note: kind}
	case "insert calls":
		return step{sql: fmt.Sprintf("insert into %s (id, tenant_id, val, mark) select %s, case x %% 2 when 0 then 'T' else 'U' end, 'f', %s from generate_series(%d, %d) x%s",
			name, p.call(t, "x"), mark(t), number(t, "low", 1, 4), number(t, "high", 4, 6), pick(t, "conflict", "", " on conflict do nothing")), note: kind}
	case "calls":
		return step{sql: pick(t, "calls",
			fmt.Sprintf("update %s set val = 'f' || %s %s", name, p.call(t, name+".id"), few()),
			fmt.Sprintf("update %s set id = %s + 3, mark = nextval('marks') %s", name, p.call(t, name+".id"), few()),
			fmt.Sprintf("delete from %s where %s > %s", name, p.call(t, name+".id"), top.key(t)),
			fmt.Sprintf("select %s from generate_series(1, 2) x", p.call(t, "x"))), note: kind}
	case "expressions":
		y := p.table(t)
		return step{sql: pick(t, "expression",
			fmt.Sprintf("with gone as (delete from %s %s returning *) insert into %s (id, tenant_id, val, mark) select id, tenant_id, val, mark from gone%s",
				name, few(), name, pick(t, "conflict", "", " on conflict do nothing")),
			fmt.Sprintf("with gone as (delete from %s %s returning *) insert into %s (id, tenant_id, val) select id + 2, 'U', val from gone order by id", name, few(), y.name),
			fmt.Sprintf("with gone as (delete from %s %s returning id) delete from %s where id in (select id from gone)", name, few(), y.name),
			fmt.Sprintf("with gone as (delete from %s where id = %s returning id) update %s set id = gone.id, mark = nextval('marks') from gone where %[3]s.id = %s",
				name, top.key(t), name, top.key(t)),
			fmt.Sprintf("with gone as (delete from %s %s returning id), moved as (update %s set %s where id in (select id from gone) returning id) select count(*) from gone, moved",
				name, few(), y.name, p.set(t, top, y.name))), note: kind}
	case "merge":
		if !p.merge {
			return step{sql: p.write(t, top), note: "simple"}
		}
		return step{sql: fmt.Sprintf("merge into %s using (values (1), (2), (3), (4), (5)) n (n) on %[1]s.id = n.n\n"+
			"    when matched and n.n = %s then delete\n    when matched and n.n >= %s then update set %s\n    when not matched and n.n >= %s then insert (%s) values (%s)",
			name, top.key(t), top.key(t), strings.ReplaceAll(p.set(t, top, "§"), "§", name), top.key(t), columns, p.row(t, top, pick(t, "key", "n.n", "n.n - 1", "n.n"))), note: kind}
	case "truncate":
		return step{sql: "truncate " + x.name + pick(t, "cascades", " cascade", ""), note: kind}
	case "loop":
		w := writing{keys: []string{"x", "x", "x + 1"}}
		body := p.body(t, w)
		return step{sql: "do $$ begin for x in 1.." + pick(t, "turns", "2", "3") + " loop " + body + "end loop; end $$", note: kind}
	case "copy":
		var rows strings.Builder
		for range number(t, "rows", 1, 3) {
			fmt.Fprintf(&rows, "%s\t%s\t%s\n", top.key(t), tenant(t), value(t))
		}
		return step{sql: "copy " + name + " (id, tenant_id, val) from stdin", data: rows.String(), note: kind}
	case "swap":
		one, two := top.key(t), top.key(t)
		return step{sql: fmt.Sprintf("do $$ begin update %[1]s set id = -1 where id = %[2]s; update %[1]s set id = %[2]s where id = %[3]s; update %[1]s set id = %[3]s where id = -1; end $$",
			name, one, two), note: kind}
	default:
		return step{sql: p.write(t, top), note: "simple"}
	}
}
