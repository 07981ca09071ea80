package triggers_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// plan is a drawn schema. All tables have the same columns:
//
//	id, tenant_id, val, a, b    a, b and id may be foreign keys
//	mark                        drawn anew by many a write: tells versions of rows apart
//	cause                       the mark of the row whose trigger wrote this one, negative if that was deleted
type plan struct {
	tables    []table
	busy      []table // those that lead somewhere, as often as they do
	functions []string
	triggers  int
	ddl       []string
	merge     bool
}

type table struct {
	name                 string
	parts                []string // what a statement may name
	watched, partitioned bool
}

// orderTools is what every plan uses. enter bounds what triggers do in one
// transaction, and notes what happened, as long as it is committed.
const orderTools = `
	create sequence public.marks;
	create table public.noted (what text, nested boolean, cascade boolean);
	-- Only before a row is a cascade to be seen: what is after waits for the outermost statement.
	create function public.witness() returns trigger language plpgsql as $$
	declare
		context text;
	begin
		get diagnostics context = pg_context;
		insert into public.noted values ('witness', pg_trigger_depth() > 1, context like '%OPERATOR(%');
		return case tg_op when 'DELETE' then old else new end;
	end $$;
	create function public.enter(what text) returns boolean language plpgsql as $$
	declare
		steps int := coalesce(nullif(current_setting('test.steps', true), ''), '0')::int;
		context text;
	begin
		if steps >= 12 or pg_trigger_depth() > 3 then
			return false;
		end if;
		perform set_config('test.steps', (steps + 1)::text, true);
		get diagnostics context = pg_context;
		insert into public.noted values (what, pg_trigger_depth() > 1, context like '%OPERATOR(%');
		return true;
	end $$;`

func pick[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

func number(t *rapid.T, label string, low, high int) int {
	return rapid.IntRange(low, high).Draw(t, label)
}

// several draws a list, from which single elements can be left out.
func several[T any](t *rapid.T, label string, least, most int, draw func(*rapid.T) T) []T {
	return rapid.SliceOfN(rapid.Custom(draw), least, most).Draw(t, label)
}

// often is true in n of 4 cases, and shrinks to false.
func often(t *rapid.T, label string, n int) bool { return number(t, label, 0, 3) > 3-n }

func drawPlan(t *rapid.T, merge bool) *plan {
	p := &plan{merge: merge}
	p.add(`drop schema if exists s cascade`, `create schema s`, `set search_path = s, public`)
	p.drawTables(t)
	p.add(several(t, "foreign keys", 0, 4, p.drawForeignKey)...)
	p.add(several(t, "functions", 0, 2, p.drawFunction)...)
	p.add(several(t, "triggers", 0, 5, p.drawTrigger)...)
	if often(t, "rule", 1) {
		p.drawRule(t)
	}
	return p
}

// GoString writes the schema in SQL.
func (p *plan) GoString() string { return "\n" + strings.Join(p.ddl, ";\n") + ";" }

func (p *plan) add(ddl ...string) { p.ddl = append(p.ddl, ddl...) }

func (p *plan) drawTables(t *rapid.T) {
	for i := range pick(t, "tables", 2, 3, 2, 3, 4) {
		x := table{name: fmt.Sprintf("t%d", i+1)}
		x.parts = []string{x.name}
		x.watched = i == 0 || often(t, "watched", 2)
		x.partitioned = often(t, "partitioned", 1)
		p.add(fmt.Sprintf(`create table %s (id int primary key, tenant_id text not null default 'T', val text, a int%s, b int, mark bigint default 0, cause bigint default 0)%s`,
			x.name, pick(t, "default", "", " default 1", " default 2"), map[bool]string{true: " partition by range (id)"}[x.partitioned]))
		if x.partitioned {
			x.parts = append(x.parts, x.name+"_low", x.name+"_high")
			p.add(fmt.Sprintf(`create table %s_low partition of %[1]s for values from (minvalue) to (3)`, x.name),
				// Its columns stand in another order.
				fmt.Sprintf(`create table %s_high (val text, cause bigint default 0, gone int, id int not null, tenant_id text not null default 'T', b int, a int, mark bigint default 0)`, x.name),
				fmt.Sprintf(`alter table %s_high drop gone`, x.name),
				fmt.Sprintf(`alter table %s attach partition %[1]s_high for values from (3) to (maxvalue)`, x.name))
		}
		if x.watched {
			p.add(fmt.Sprintf(`select rowcast.watch('%s')`, x.name))
		}
		var rows []string
		for id := 1; id <= 3; id++ {
			rows = append(rows, fmt.Sprintf("(%d, '%s', 'v', %s, %s)", id, tenant(t), reference(t), reference(t)))
		}
		p.add(fmt.Sprintf(`insert into %s (id, tenant_id, val, a, b) values %s`, x.name, strings.Join(rows, ", ")))
		p.tables = append(p.tables, x)
	}
}

func tenant(t *rapid.T) string    { return pick(t, "tenant", "T", "U") }
func reference(t *rapid.T) string { return pick(t, "reference", "1", "2", "null", "3") }

func (p *plan) table(t *rapid.T) table { return pick(t, "table", p.tables...) }

// busyTable prefers tables that lead to others.
func (p *plan) busyTable(t *rapid.T) table {
	return pick(t, "table", slices.Concat(p.tables, p.busy)...)
}

func (p *plan) watchedTable(t *rapid.T) table {
	return pick(t, "table", slices.DeleteFunc(slices.Clone(p.tables), func(x table) bool { return !x.watched })...)
}

// drawForeignKey may make what PostgreSQL has no use for, but then it fails at
// the statement, not here.
func (p *plan) drawForeignKey(t *rapid.T) string {
	child, parent := p.table(t), p.table(t)
	column := pick(t, "column", "a", "b", "a", "b", "id")
	if column == "id" && child.name == parent.name {
		column = "a"
	}
	p.busy = append(p.busy, parent)
	actions := []string{"cascade", "set null", "cascade", "set default", "no action", "restrict"}
	key := fmt.Sprintf(`alter table %s add foreign key (%s) references %s on delete %s on update %s%s`, child.name, column, parent.name,
		pick(t, "on delete", actions...), pick(t, "on update", actions...), pick(t, "deferred", "", "", " deferrable initially deferred"))
	if often(t, "witness", 2) {
		key += fmt.Sprintf(";\ncreate or replace trigger witness before update or delete on %s for each row execute function witness()", child.name)
	}
	return key
}

// writing is where a write stands: which expressions are keys there, and which
// is the cause of what it writes.
type writing struct {
	keys  []string
	cause string
}

func (w writing) key(t *rapid.T) string {
	if len(w.keys) == 0 || often(t, "other key", 1) {
		return pick(t, "key", "1", "2", "3", "4", "5")
	}
	return pick(t, "key", w.keys...)
}

func mark(t *rapid.T) string { return pick(t, "mark", "0", "nextval('marks')", "nextval('marks')") }
func value(t *rapid.T) string {
	return pick(t, "value", "v", "w", "x")
}

func (w writing) because() string {
	if w.cause == "" {
		return "0"
	}
	return w.cause
}

// set draws what an update sets.
func (p *plan) set(t *rapid.T, w writing, table string) string {
	list := pick(t, "set",
		"val = '"+value(t)+"'", "id = "+table+".id + 1", "id = "+table+".id - 1", "tenant_id = '"+tenant(t)+"'", "id = "+w.key(t),
		"a = "+reference(t), "id = "+table+".id - 1, tenant_id = case when "+table+".id % 2 = 0 then 'T' else 'U' end", "id = "+table+".id + 3")
	if often(t, "marked", 3) {
		list += ", mark = nextval('marks')"
	}
	if w.cause != "" {
		list += ", cause = " + w.cause
	}
	return list
}

// row draws the values of a row with a key.
func (p *plan) row(t *rapid.T, w writing, key string) string {
	return fmt.Sprintf("%s, '%s', '%s', %s, %s, %s, %s", key, tenant(t), value(t), reference(t), reference(t), mark(t), w.because())
}

const columns = "id, tenant_id, val, a, b, mark, cause"

func conflict(t *rapid.T, p *plan, w writing, table string) string {
	switch number(t, "conflict", 0, 3) {
	case 1:
		return " on conflict do nothing"
	case 2, 3:
		return " on conflict (id) do update set " + p.set(t, w, table)
	}
	return ""
}

// write draws a simple statement.
func (p *plan) write(t *rapid.T, w writing) string {
	x := p.busyTable(t)
	if w.cause != "" {
		x = p.watchedTable(t)
	}
	name := pick(t, "part", x.parts...)
	switch number(t, "write", 0, 3) {
	case 0:
		return fmt.Sprintf("delete from %s where id = %s", name, w.key(t))
	case 1:
		return fmt.Sprintf("update %s set %s where id %s %s", name, p.set(t, w, name), pick(t, "compare", "=", "<=", ">="), w.key(t))
	case 2:
		return fmt.Sprintf("insert into %s (%s) values (%s)%s", name, columns, p.row(t, w, w.key(t)), conflict(t, p, w, name))
	}
	return fmt.Sprintf("update %s set %s where id = %s", name, p.set(t, w, name), w.key(t))
}

// forgiven is what a block of statements may fail with and be caught.
const forgiven = `integrity_constraint_violation or cardinality_violation or triggered_data_change_violation or feature_not_supported or object_in_use`

// body draws the statements of a trigger or function.
func (p *plan) body(t *rapid.T, w writing) string {
	return strings.Join(several(t, "writes", 1, 3, func(t *rapid.T) string {
		statement := p.write(t, w) + "; "
		if often(t, "caught", 2) {
			statement = "begin " + statement + "exception when " + forgiven + " then null; end; "
		}
		return statement
	}), "")
}

func (p *plan) drawFunction(t *rapid.T) string {
	name := fmt.Sprintf("f%d", len(p.functions)+1)
	body := p.body(t, writing{keys: []string{"x", "x", "x - 1", "x + 1"}})
	if often(t, "same key", 2) {
		target := pick(t, "part", p.table(t).parts...)
		body = pick(t, "same key",
			fmt.Sprintf("delete from %s where id = x; ", target),
			fmt.Sprintf("update %s set val = val || '+' where id < x; ", target),
			fmt.Sprintf("delete from %s where id in (x - 1, x); ", target)) + body
	}
	p.functions = append(p.functions, name)
	return fmt.Sprintf("create function %s(x int) returns int language plpgsql %s as $$ begin\n  if enter('function') then %send if;\n  return x; end $$",
		name, pick(t, "definer", "", "security definer"), body)
}

func (p *plan) drawTrigger(t *rapid.T) string {
	x := p.table(t)
	p.busy = append(p.busy, x)
	kind := pick(t, "kind", "after row", "after row", "before row", "after statement", "deferred row", "before statement", "whole row", "whole row", "whole row", "whole row")
	event := pick(t, "event", "insert", "update", "delete")
	row := map[string]string{"insert": "new", "update": "new", "delete": "old"}[event]
	when, scope, constraint := "before", "for each row", ""
	var body string
	switch kind {
	case "before row":
		body = p.body(t, writing{keys: []string{row + ".id", row + ".id - 1", row + ".id + 1"}}) + "return " + row + ";"
	case "whole row":
		kind, when, event, body = p.drawWhole(t, x)
	case "before statement":
		scope = "for each statement"
		body = p.body(t, writing{}) + "return null;"
	case "after row", "deferred row":
		when = "after"
		if kind == "deferred row" {
			constraint = "constraint "
			scope = "deferrable initially deferred for each row"
		}
		cause := map[string]string{
			"insert": "new.mark", "update": "case when new.mark <> old.mark then new.mark else 0 end", "delete": "-old.mark",
		}[event]
		if x.partitioned && event == "delete" {
			cause = "" // it fires for a row that moves
		}
		body = p.body(t, writing{keys: []string{row + ".id", row + ".id - 1", row + ".id + 1"}, cause: cause}) + "return null;"
	case "after statement":
		when = "after"
		scope = map[string]string{
			"insert": "referencing new table as changed for each statement",
			"update": "referencing new table as changed old table as former for each statement",
			"delete": "referencing old table as changed for each statement",
		}[event]
		cause := map[string]string{
			"insert": "r.mark", "update": "case when exists (select from former where former.mark = r.mark) then 0 else r.mark end", "delete": "-r.mark",
		}[event]
		body = "for r in select * from changed loop " + p.body(t, writing{keys: []string{"r.id", "r.id - 1", "r.id + 1"}, cause: cause}) +
			"end loop; return null;"
	}
	p.triggers++
	return fmt.Sprintf("create function tr%d() returns trigger language plpgsql %s as $$ declare r record; begin\n"+
		"  if not enter('%s %s') then return %s; end if;\n  %s end $$", p.triggers, pick(t, "definer", "", "security definer"), kind, event,
		map[string]string{"insert": "new", "update": "new", "delete": "old"}[event], body) +
		fmt.Sprintf(";\ncreate %strigger %s_%d %s %s on %s %s execute function tr%[3]d()", constraint, pick(t, "name", "a", "z"), p.triggers, when, event, x.name, scope)
}

// drawWhole draws a trigger that has to do with the row it is called for.
func (p *plan) drawWhole(t *rapid.T, x table) (kind, when, event, body string) {
	switch kind = pick(t, "whole", "replace", "replace the same", "undo insert", "revert", "undo delete", "upsert", "skip", "change", "soft delete"); kind {
	case "replace":
		return kind, "before", "insert", "delete from " + x.name + " where id = new.id; return new;"
	case "replace the same":
		return kind, "before", "insert", "delete from " + x.name + " t where id = new.id and (t.tenant_id, t.val) = (new.tenant_id, new.val); return new;"
	case "undo insert":
		return kind, "after", "insert", "delete from " + x.name + " where id = new.id; return null;"
	case "revert":
		return kind, "after", "update", "update " + x.name + " set id = old.id, tenant_id = old.tenant_id, val = old.val, mark = old.mark where id = new.id; return null;"
	case "undo delete":
		return kind, "after", "delete", "insert into " + x.name + " (" + columns + ") values (old.id, old.tenant_id, old.val, old.a, old.b, old.mark, 0) on conflict do nothing; return null;"
	case "upsert":
		return kind, "before", "insert", "update " + x.name + " set val = new.val, tenant_id = new.tenant_id where id = new.id; return case when found then null else new end;"
	case "skip":
		return kind, "before", pick(t, "event", "insert", "update"), "return case when new.id <> " + pick(t, "key", "2", "3", "4") + " then new end;"
	case "change":
		return kind, "before", pick(t, "event", "insert", "update"), pick(t, "change", "new.val := 'changed';", "new.tenant_id := 'U';") + " return new;"
	default:
		return kind, "before", "delete", "update " + x.name + " set val = 'gone' where id = old.id; return null;"
	}
}

// drawRule draws a rule that leads to a table further back: rules that lead in
// a circle are refused.
func (p *plan) drawRule(t *rapid.T) {
	from := number(t, "from", 0, len(p.tables)-2)
	to := p.tables[number(t, "to", from+1, len(p.tables)-1)]
	event := pick(t, "event", "insert", "update", "delete")
	row := map[string]string{"insert": "new", "update": "old", "delete": "old"}[event]
	action := pick(t, "action",
		fmt.Sprintf("delete from %s where id = %s.id", to.name, row),
		fmt.Sprintf("update %s set val = 'ruled', tenant_id = 'U' where id = %s.id", to.name, row),
		fmt.Sprintf("update %s set id = id + 3 where id = %s.id", to.name, row),
		fmt.Sprintf("insert into %s (id, val) values (%s.id + 3, 'ruled')", to.name, row))
	p.add(fmt.Sprintf("create rule leads as on %s to %s do %s (%s; insert into noted values ('rule', false, false))", event, p.tables[from].name, pick(t, "also", "also", "instead"), action))
}
