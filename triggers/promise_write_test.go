package triggers_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// part draws a partition, mostly one that there is.
func part(t *rapid.T) string { return pick(t, "part", "1", "1", "2", "2", "3", "4") }

func mark3(t *rapid.T) string { return pick(t, "mark", "1", "2", "3", "4", "5", "7", "13") }

// value draws a value of a column.
func (p *promise) value(t *rapid.T, column string) string {
	switch column {
	case "id":
		return pick(t, "id", p.key.values...)
	case "tenant_id":
		return pick(t, "tenant", p.tenant.values...)
	case "part":
		return part(t)
	case "mark":
		return mark3(t)
	}
	for _, c := range p.columns {
		if c.name == column {
			return pick(t, "value", c.values...)
		}
	}
	return "null"
}

// named draws some of the columns for a statement that inserts.
func (p *promise) named(t *rapid.T) []string {
	list := []string{"id", "tenant_id"}
	for _, name := range []string{"part", "mark"} {
		if often(t, name, 2) {
			list = append(list, name)
		}
	}
	for _, c := range p.columns {
		if often(t, c.name, 3) {
			list = append(list, c.name)
		}
	}
	return list
}

func (p *promise) rowOf(t *rapid.T, columns []string, wrap string) string {
	var values []string
	for _, c := range columns {
		values = append(values, p.value(t, c))
	}
	return fmt.Sprintf(wrap, strings.Join(values, ", "))
}

func (p *promise) rows(t *rapid.T, columns []string) string {
	var rows []string
	for range number(t, "rows", 1, 4) {
		rows = append(rows, p.rowOf(t, columns, "(%s)"))
	}
	return strings.Join(rows, ", ")
}

// sets draws what an update changes.
func (p *promise) sets(t *rapid.T) string {
	sets := []string{}
	for range number(t, "sets", 1, 3) {
		switch kind := number(t, "set", 0, 7); {
		case kind == 0:
			sets = append(sets, "id = "+p.value(t, "id"))
		case kind <= 2:
			sets = append(sets, "tenant_id = "+p.value(t, "tenant_id"))
		case kind == 3:
			sets = append(sets, "part = "+part(t))
		case kind == 4 || len(p.columns) == 0:
			sets = append(sets, pick(t, "mark", "mark = mark", "mark = mark operator(pg_catalog.+) 1", "mark = "+mark3(t)))
		default:
			c := pick(t, "column", p.columns...)
			sets = append(sets, c.name+" = "+pick(t, "value", c.values...))
		}
	}
	seen := map[string]bool{}
	var once []string
	for _, s := range sets {
		name, _, _ := strings.Cut(s, " ")
		if !seen[name] {
			seen[name] = true
			once = append(once, s)
		}
	}
	return strings.Join(once, ", ")
}

func (p *promise) where(t *rapid.T) string {
	return pick(t, "where", "", " where id operator(pg_catalog.=) "+p.value(t, "id"), " where mark operator(pg_catalog.<) 4", " where part operator(pg_catalog.=) 1",
		" where id operator(pg_catalog.>=) "+p.value(t, "id"), " where tenant_id operator(pg_catalog.=) "+p.value(t, "tenant_id"))
}

func (p *promise) returning(t *rapid.T) string {
	return pick(t, "returning", "", "", " returning id", " returning *")
}

func (p *promise) conflict(t *rapid.T) string {
	switch pick(t, "conflict", "", "nothing", "update", "nothing") {
	case "nothing":
		return " on conflict do nothing"
	case "update":
		target := "id"
		if p.partitioned {
			target = "id, part"
		}
		return " on conflict (" + target + ") do update set " + strings.ReplaceAll(p.sets(t), "mark = mark", "mark = excluded.mark")
	}
	return ""
}

// writes are the kinds of statements that write.
var writes = []string{"insert", "update", "delete", "merge", "copy", "truncate", "expression", "many", "explain", "block", "function"}

// drawWrite draws one.
func (p *promise) drawWrite(t *rapid.T, kind string) step {
	name := "§." + pick(t, "name", append(p.names, "t", "t")...)
	if p.child && often(t, "heir", 1) {
		name = "§.c"
	}
	columns := p.named(t)
	insert := fmt.Sprintf("insert into %s (%s) ", name, strings.Join(columns, ", "))
	switch kind {
	case "insert":
		return step{sql: insert + "values " + p.rows(t, columns) + p.conflict(t) + p.returning(t), note: kind}
	case "update":
		return step{sql: "update " + pick(t, "only", "", "", "only ") + name + " set " + p.sets(t) + p.where(t) + p.returning(t), note: kind}
	case "delete":
		return step{sql: "delete from " + name + p.where(t) + p.returning(t), note: kind}
	case "merge":
		if p.server < 15 {
			return step{sql: "delete from " + name + p.where(t), note: "delete"}
		}
		return step{sql: fmt.Sprintf("merge into %s t using (values (1), (2), (3)) s (n) on t.mark operator(pg_catalog.=) s.n\n"+
			"    when matched and s.n operator(pg_catalog.=) %s then delete\n    when matched then update set %s\n    when not matched then insert (%s) %s",
			name, pick(t, "n", "1", "2"), strings.ReplaceAll(p.sets(t), "mark = mark", "mark = t.mark"), strings.Join(columns, ", "), p.rowOf(t, columns, "values (%s)")), note: kind}
	case "copy":
		var data strings.Builder
		for range number(t, "rows", 1, 3) {
			for i, c := range columns {
				if i > 0 {
					data.WriteByte('\t')
				}
				data.WriteString(copied(p.value(t, c)))
			}
			data.WriteByte('\n')
		}
		return step{sql: fmt.Sprintf("copy %s (%s) from stdin", name, strings.Join(columns, ", ")), data: data.String(), note: kind}
	case "truncate":
		return step{sql: "truncate " + name, note: kind}
	case "expression":
		return step{sql: pick(t, "expression",
			fmt.Sprintf("with gone as (delete from %s%s returning %s) %sselect * from gone", name, p.where(t), strings.Join(columns, ", "), insert),
			fmt.Sprintf("with moved as (update %s set %s%s returning id) delete from §.t where id in (select id from moved)", name, p.sets(t), p.where(t)),
			fmt.Sprintf("with new as (%svalues %s%s returning id) update §.t set %s", insert, p.rows(t, columns), p.conflict(t), p.sets(t))), note: kind}
	case "many": // more rows than are written down one by one, and wide ones
		width, last := pick(t, "width", "1", "1", "2000", "40000"), 90
		if width == "40000" {
			last = 12
		}
		if len(p.columns) > 0 && p.columns[0].definition == "text" {
			return step{sql: fmt.Sprintf("insert into %s (id, tenant_id, part, c1) select x, %s, x %% 2 + 1, pg_catalog.repeat('y', %s) from pg_catalog.generate_series(10, %d) x on conflict do nothing",
				name, p.value(t, "tenant_id"), width, last), note: kind}
		}
		return step{sql: fmt.Sprintf("insert into %s (id, tenant_id, part) select x, %s, x operator(pg_catalog.%%) 2 operator(pg_catalog.+) 1 from pg_catalog.generate_series(10, 90) x on conflict do nothing",
			name, p.value(t, "tenant_id")), note: kind}
	case "explain":
		return step{sql: "explain (analyze, costs off, timing off, summary off) update " + name + " set " + p.sets(t) + p.where(t), note: kind}
	case "block": // what fails is rolled back inside
		return step{sql: fmt.Sprintf("do $do$ begin %svalues %s; begin update %s set %s%s; exception when others then null; end; begin %svalues %s; exception when others then null; end; end $do$",
			insert, p.rows(t, columns)+" on conflict do nothing", name, p.sets(t), p.where(t), insert, p.rows(t, columns)), note: kind}
	default: // as one function calls another
		return step{sql: fmt.Sprintf("do $do$ begin for x in 1..2 loop delete from %s%s; %svalues %s on conflict do nothing; update %s set %s; end loop; end $do$",
			name, p.where(t), insert, p.rows(t, columns), name, p.sets(t)), note: kind}
	}
}

// copied writes a literal as copy reads it.
func copied(literal string) string {
	if literal == "null" {
		return `\N`
	}
	text := strings.ReplaceAll(strings.Trim(literal, "'"), "''", "'")
	return strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`).Replace(text)
}
