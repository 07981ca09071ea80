package triggers_test

import "slices"

// Triggers that delete, replace or revert the row they are called for.
func replacements() []leading {
	trigger := func(when, body string) []string {
		return []string{
			`create function act() returns trigger language plpgsql as $$ begin ` + body + ` end $$`,
			`create trigger act ` + when + ` execute function act()`,
		}
	}
	replace := trigger(`before insert on docs for each row`, `delete from docs where id = new.id; return new;`)
	remove := trigger(`after insert on docs for each row`, `delete from docs where id = new.id; return null;`)
	removeAll := trigger(`after insert on docs referencing new table as fresh for each statement`,
		`delete from docs where id in (select id from fresh); return null;`)
	return []leading{
		{
			name: "before insert, delete the key: same content", setup: replace, run: []string{`insert into docs values (1, 'T', 'one')`},
			want: []string{`docs T d (1,T,one)`, `docs T i (1,T,one)`},
		}, {
			name: "before insert, delete the key: other content", setup: replace, run: []string{`insert into docs values (1, 'T', 'uno')`},
			want: []string{`docs T d (1,T,one)`, `docs T i (1,T,uno)`},
		}, {
			name: "before insert, delete the key: other tenant", setup: replace, run: []string{`insert into docs values (1, 'U', 'one')`},
			want: []string{`docs T d (1,T,one)`, `docs U i (1,U,one)`},
		}, {
			name: "before insert, delete the key: many rows, same content", setup: replace,
			run: []string{`insert into docs values (1, 'T', 'one'), (2, 'T', 'two'), (3, 'U', 'three'), (4, 'T', 'four')`},
		}, {
			name: "before insert, delete the key: many rows, other content", setup: replace,
			run: []string{`insert into docs values (1, 'T', 'uno'), (4, 'T', 'four'), (2, 'U', 'dos'), (3, 'U', 'three')`},
		}, {
			name: "before insert, delete the key: twice in one statement", setup: replace,
			run: []string{`insert into docs values (1, 'T', 'a'), (4, 'T', 'b'), (1, 'T', 'c'), (4, 'T', 'b'), (1, 'U', 'c')`},
		}, {
			name: "before insert, delete the key: by copy of several statements", setup: replace,
			run: []string{
				`begin`, `insert into docs select * from docs`, `update docs set body = body || '!'`, `insert into docs select * from docs`,
				`delete from docs where id = 3`, `insert into docs values (3, 'T', 'x')`, `insert into docs values (3, 'T', 'x')`, `commit`,
			},
		}, {
			name:  "before insert, delete another key that came before in the statement",
			setup: trigger(`before insert on docs for each row`, `delete from docs where id = new.id - 1; return new;`),
			run:   []string{`insert into docs values (4, 'T', 'four'), (5, 'T', 'five'), (6, 'U', 'six')`},
		}, {
			name: "before insert, update the row instead",
			setup: trigger(`before insert on docs for each row`,
				`update docs set body = new.body, tenant_id = new.tenant_id where id = new.id; return case when found then null else new end;`),
			run: []string{`insert into docs values (1, 'T', 'uno'), (4, 'T', 'four'), (4, 'U', 'cuatro'), (3, 'T', 'tres')`},
		}, {
			name:  "before insert, take the key away to the side",
			setup: trigger(`before insert on docs for each row`, `update docs set id = (select max(id) + 1 from docs) where id = new.id; return new;`),
			run:   []string{`insert into docs values (1, 'T', 'uno'), (2, 'U', 'dos'), (1, 'T', 'one')`},
		}, {
			name:  "before insert, delete and insert nothing",
			setup: trigger(`before insert on docs for each row`, `delete from docs where id = new.id; return null;`),
			run:   []string{`begin`, `update docs set body = 'x'`, `insert into docs values (1, 'T', 'uno'), (3, 'U', 'x')`, `commit`},
			want: []string{
				`docs T u (1,T,x)<(1,T,one)`, `docs T u (2,T,x)<(2,T,two)`, `docs U u (3,U,x)<(3,U,three)`, `docs T d (1,T,x)`, `docs U d (3,U,x)`,
			},
		}, {
			name:  "before insert of the statement, delete all",
			setup: trigger(`before insert on docs for each statement`, `delete from docs; return null;`),
			run:   []string{`begin`, `insert into docs values (1, 'T', 'one')`, `insert into docs values (1, 'T', 'one'), (2, 'T', 'two')`, `commit`},
		}, {
			name:  "before update, make room for the key",
			setup: trigger(`before update on docs for each row`, `delete from docs where id = new.id and new.id <> old.id; return new;`),
			run:   []string{`begin`, `update docs set id = 2 where id = 1`, `update docs set id = 3, body = 'three', tenant_id = 'U' where id = 2`, `commit`},
			want: []string{
				`docs T d (2,T,two)`, `docs T u (2,T,one)<(1,T,one)`, `docs U d (3,U,three)`, `docs T d (2,T,one)`, `docs U i (3,U,three)`,
			},
		}, {
			name: "before update, change the others",
			setup: trigger(`before update on docs for each row when (pg_trigger_depth() < 1)`,
				`update docs set body = body || '-' where id = old.id - 1; return new;`),
			run: []string{`update docs set body = body || '+'`},
		}, {
			name:  "before update, delete the others",
			setup: trigger(`before update on docs for each row`, `delete from docs where id = old.id - 1; return new;`),
			run:   []string{`update docs set body = body || '+', id = id + 10`},
		}, {
			name:  "before delete, mark instead",
			setup: trigger(`before delete on docs for each row`, `update docs set body = 'gone' where id = old.id; return null;`),
			run:   []string{`begin`, `delete from docs where id = 1`, `update docs set id = 11 where id = 1`, `delete from docs`, `commit`},
		}, {
			name:  "before delete, insert another",
			setup: trigger(`before delete on docs for each row`, `insert into docs values (old.id + 10, 'T', old.body); return old;`),
			run:   []string{`begin`, `delete from docs where id < 3`, `delete from docs where id = 11`, `commit`},
		}, {
			name: "after insert, delete the row", setup: remove, run: []string{`insert into docs values (4, 'T', 'four')`},
			want: []string{`docs T i (4,T,four)`, `docs T d (4,T,four)`},
		}, {
			name: "after insert, delete the rows", setup: remove, run: []string{`insert into docs values (4, 'T', 'four'), (5, 'U', 'five')`},
			want: []string{`docs T i (4,T,four)`, `docs U i (5,U,five)`, `docs T d (4,T,four)`, `docs U d (5,U,five)`},
		}, {
			name: "after insert of the statement, delete the rows", setup: removeAll,
			run: []string{`insert into docs values (4, 'T', 'four'), (5, 'U', 'five')`},
		}, {
			name: "after insert, delete the row that was there before", setup: remove,
			run:  []string{`begin`, `delete from docs where id = 1`, `insert into docs values (1, 'T', 'one')`, `commit`},
			want: []string{`docs T d (1,T,one)`, `docs T i (1,T,one)`, `docs T d (1,T,one)`},
		}, {
			name: "before insert, delete the key, and after insert, delete the row",
			setup: append(slices.Clone(replace),
				`create function act_after() returns trigger language plpgsql as $$ begin delete from docs where id = new.id; return null; end $$`,
				`create trigger act_after after insert on docs for each row when (new.body = 'one') execute function act_after()`),
			run: []string{`insert into docs values (1, 'T', 'one'), (2, 'T', 'two')`},
		}, {
			name:  "after delete, insert the row again",
			setup: trigger(`after delete on docs for each row`, `insert into docs values (old.id, old.tenant_id, old.body); return null;`),
			run:   []string{`begin`, `delete from docs where id = 1`, `delete from docs`, `update docs set body = 'x' where id = 1`, `commit`},
		}, {
			name: "after update, revert",
			setup: trigger(`after update on docs for each row when (pg_trigger_depth() < 1)`,
				`update docs set body = old.body, id = old.id where id = new.id; return null;`),
			run: []string{`begin`, `update docs set body = 'uno' where id = 1`, `update docs set id = 12 where id = 2`, `commit`},
			want: []string{
				`docs T u (1,T,uno)<(1,T,one)`, `docs T u (1,T,one)<(1,T,uno)`, `docs T u (12,T,two)<(2,T,two)`, `docs T u (2,T,two)<(12,T,two)`,
			},
		}, {
			name: "after update, delete and insert with the old content",
			setup: trigger(`after update on docs for each row`,
				`delete from docs where id = new.id; insert into docs values (old.id, old.tenant_id, old.body); return null;`),
			run: []string{`update docs set body = 'x', tenant_id = 'U'`},
		},
	}
}

// Functions that a query itself calls, and that write to its table.
func functionCalls() []leading {
	f := func(body string) []string {
		return []string{`create function f(x int) returns int language plpgsql as $$ begin ` + body + ` return x; end $$`}
	}
	list := []leading{
		{
			name:  "insert calls a function that updates rows of the same statement",
			setup: f(`update docs set body = body || '+' where id >= 4;`),
			run:   []string{`insert into docs select f(x), 'T', 'x' from generate_series(4, 6) x`},
		}, {
			name:  "insert calls a function that deletes rows of the same statement",
			setup: f(`delete from docs where id >= 4;`),
			run:   []string{`insert into docs select f(x), 'T', 'x' from generate_series(4, 6) x`},
		}, {
			name:  "insert calls a function that deletes the key",
			setup: f(`delete from docs where id = x;`),
			run:   []string{`insert into docs select f(x), 'T', 'x' from generate_series(1, 4) x`},
		}, {
			name:  "insert calls a function that deletes the key, one row",
			setup: f(`delete from docs where id = x;`),
			run:   []string{`begin`, `update docs set body = 'x'`, `insert into docs values (f(1), 'T', 'one')`, `commit`},
		}, {
			name:  "insert calls a function that deletes some keys before and some after",
			setup: f(`delete from docs where id in (x - 1, x);`),
			run:   []string{`insert into docs select f(x), 'T', 'x' from generate_series(1, 6) x`},
		}, {
			name:  "insert calls a function that moves rows of the same statement",
			setup: f(`update docs set id = (select max(id) + 1 from docs) where id = x;`),
			run:   []string{`insert into docs values (f(1), 'T', 'a'), (f(1), 'T', 'b'), (f(1), 'U', 'c')`},
		}, {
			name:  "insert calls a function that inserts the key first",
			setup: f(`insert into docs values (x, 'U', 'first');`),
			run:   []string{`insert into docs select f(x) + x % 2, 'T', 'x' from generate_series(4, 5) x on conflict do nothing`},
		}, {
			name:  "update calls a function that updates others",
			setup: f(`update docs set body = body || '+' where id = x - 1;`),
			run:   []string{`update docs set body = f(id) || body`},
		}, {
			name:  "update calls a function that deletes the key it takes",
			setup: f(`delete from docs where id = x + 1;`),
			run:   []string{`update docs set id = f(id) + 1 where id = 1`},
		}, {
			name:  "update calls a function that takes the key it left",
			setup: f(`insert into docs values (x - 1, 'T', 'taken') on conflict do nothing;`),
			run:   []string{`update docs set id = f(id) + 10`},
		}, {
			name:  "delete calls a function that inserts",
			setup: f(`insert into docs values (x + 10, 'T', 'new'); delete from docs where id = x + 9;`),
			run:   []string{`delete from docs where f(id) > 0`},
		}, {
			name:  "delete calls a function that takes the key of the last",
			setup: f(`insert into docs values (x - 1, 'T', 'again') on conflict do nothing;`),
			run:   []string{`delete from docs where f(id) > 1`},
		}, {
			name: "select calls a function that writes",
			setup: f(`delete from docs where id = x; insert into docs values (x, 'T', 'a'); update docs set body = 'b', id = x + 10 where id = x;
				insert into docs values (x, 'U', 'c'); delete from docs where id = x + 10;`),
			run: []string{`begin`, `update docs set body = 'x' where id = 1`, `select f(x) from generate_series(1, 2) x`, `commit`},
			want: []string{
				`docs T u (1,T,x)<(1,T,one)`,
				`docs T d (1,T,x)`, `docs T i (1,T,a)`, `docs T u (11,T,b)<(1,T,a)`, `docs U i (1,U,c)`, `docs T d (11,T,b)`,
				`docs T d (2,T,two)`, `docs T i (2,T,a)`, `docs T u (12,T,b)<(2,T,a)`, `docs U i (2,U,c)`, `docs T d (12,T,b)`,
			},
		}, {
			name: "a security definer function writes in a query on another table",
			setup: append(f(`delete from docs where id = x; insert into docs values (x, 'T', 'f');`),
				`alter function f(int) security definer`, `create table others (id int primary key, note int)`, `insert into others values (1, 0), (2, 0)`),
			run: []string{
				`begin`, `insert into docs values (4, 'T', 'four')`, `update others set note = f(id)`, `delete from docs where id = 1`, `commit`,
			},
			want: []string{
				`docs T i (4,T,four)`, `docs T d (1,T,one)`, `docs T i (1,T,f)`, `docs T d (2,T,two)`, `docs T i (2,T,f)`, `docs T d (1,T,f)`,
			},
		}, {
			name: "a trigger writes with a function",
			setup: append(f(`delete from docs where id = x;`),
				`create function act() returns trigger language plpgsql as $$ begin
					insert into docs select f(x), 'T', 'by trigger' from generate_series(1, 2) x; return null; end $$`,
				`create trigger act after update on docs for each statement execute function act()`),
			run: []string{`begin`, `update docs set body = 'x'`, `delete from docs where id = 2`, `commit`},
		},
	}
	return list
}
