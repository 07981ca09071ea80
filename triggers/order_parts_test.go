package triggers_test

import "slices"

// Statements of several parts.
func manyParts() []leading {
	return []leading{
		{
			name: "upsert", run: []string{
				`begin`, `insert into docs values (4, 'T', 'four'), (1, 'T', 'uno'), (3, 'T', 'tres') on conflict (id) do update set body = excluded.body`,
				`insert into docs values (1, 'T', 'eins') on conflict (id) do update set id = 5, tenant_id = 'U'`, `commit`,
			},
		}, {
			name: "upsert moves a row and takes its key", run: []string{
				`insert into docs values (1, 'U', 'uno'), (1, 'T', 'one') on conflict (id) do update set id = docs.id + 10`,
			},
			want: []string{`docs T u (11,T,one)<(1,T,one)`, `docs T i (1,T,one)`},
		}, {
			name: "merge", since: 15, run: []string{`
				merge into docs using (values (1), (2), (3), (4)) s (id) on docs.id = s.id
				when matched and s.id = 1 then delete
				when matched and s.id = 2 then update set id = 1, tenant_id = 'U'
				when matched then update set body = 'tres'
				when not matched then insert values (2, 'T', 'again')`},
		}, {
			name: "merge twice", since: 15, run: []string{
				`begin`, `merge into docs using (values (1), (2), (9)) s (id) on docs.id = s.id
				when matched and s.id = 1 then delete
				when matched then update set body = 'dos'
				when not matched then insert values (s.id, 'T', 'new')`,
				`merge into docs using (values (1), (2), (9)) s (id) on docs.id = s.id
				when matched and s.id = 9 then delete
				when matched then update set body = 'deux'
				when not matched then insert values (s.id, 'T', 'newer')`, `commit`,
			},
		}, {
			name: "merge with a trigger that deletes the key", since: 15,
			setup: []string{
				`create function act() returns trigger language plpgsql as $$ begin delete from docs where id = new.id; return new; end $$`,
				`create trigger act before insert on docs for each row execute function act()`,
			},
			run: []string{`
				merge into docs using (values (1), (2), (8)) s (id) on docs.id = s.id
				when matched and s.id = 1 then delete
				when matched then update set body = 'dos'
				when not matched then insert values (3, 'T', 'three')`},
		}, {
			name: "delete and insert in one query",
			run:  []string{`with gone as (delete from docs returning *) insert into docs select id % 3 + 1, tenant_id, body from gone order by id`},
		}, {
			name: "delete and insert the same in one query",
			run: []string{
				`begin`, `update docs set body = 'x' where id = 1`,
				`with gone as (delete from docs where id < 3 returning *) insert into docs select * from gone`, `commit`,
			},
			want: []string{
				`docs T u (1,T,x)<(1,T,one)`, `docs T d (1,T,x)`, `docs T d (2,T,two)`, `docs T i (1,T,x)`, `docs T i (2,T,two)`,
			},
		}, {
			name: "delete, update and insert in one query",
			run: []string{`
				with gone as (delete from docs where id = 1 returning id),
				     moved as (update docs set id = gone.id, tenant_id = 'U' from gone where docs.id = 2 returning docs.id)
				insert into docs select id + 1, 'T', 'new' from moved`},
			want: []string{`docs T d (1,T,one)`, `docs T d (2,T,two)`, `docs U i (1,U,two)`, `docs T i (2,T,new)`},
		}, {
			name: "update and update in one query, the other tenant takes the key",
			run: []string{`
				with moved as (update docs set id = 9 where id = 1 returning id),
				     next as (update docs set id = 1 from moved where docs.id = 3 returning docs.id)
				update docs set id = 3 from next where docs.id = 2`},
		}, {
			name: "copy with a trigger that deletes the key, from a table",
			setup: []string{
				`create function act() returns trigger language plpgsql as $$ begin delete from docs where id = new.id; return new; end $$`,
				`create trigger act before insert on docs for each row execute function act()`,
			},
			run: []string{`do $$ begin
				for x in 1..2 loop
					insert into docs select id, tenant_id, body || x from docs;
					delete from docs where id = x;
					insert into docs values (x, 'U', 'x');
				end loop; end $$`},
		}, {
			name: "a loop in one query",
			run: []string{`do $$ begin
				for x in 1..3 loop
					delete from docs where id = x;
					insert into docs values (x, 'T', 'a');
					update docs set id = x + 10 where id = x;
					insert into docs values (x, 'U', 'b');
					delete from docs where id = x + 10;
				end loop; end $$`},
		},
	}
}

// Keys that change hands, and rows that change tenants.
func keysAndTenants() []leading {
	return []leading{
		{
			name: "swap of keys", run: []string{
				`begin`, `update docs set id = -1 where id = 1`, `update docs set id = 1 where id = 3`, `update docs set id = 3 where id = -1`, `commit`,
			},
			want: []string{`docs T u (-1,T,one)<(1,T,one)`, `docs U u (1,U,three)<(3,U,three)`, `docs T u (3,T,one)<(-1,T,one)`},
		}, {
			name: "each row takes the key of the last", run: []string{`update docs set id = id - 1`},
		}, {
			name:  "each row takes the key of the last, tenants mixed",
			setup: []string{`truncate docs`, `insert into docs values (1, 'T', 'a'), (2, 'U', 'b'), (3, 'T', 'c'), (4, 'U', 'd'), (5, 'T', 'e')`},
			run:   []string{`update docs set id = id - 1`},
		}, {
			name:  "one takes the key that one who moved to another tenant left",
			setup: []string{`truncate docs`, `insert into docs values (1, 'T', 'a'), (2, 'T', 'b'), (3, 'T', 'c')`},
			run:   []string{`update docs set id = id - 1, tenant_id = case when id % 2 = 0 then 'U' else 'T' end`},
		}, {
			name:  "all change tenants and keys",
			setup: []string{`truncate docs`, `insert into docs values (1, 'T', 'a'), (2, 'U', 'b'), (3, 'T', 'c'), (4, 'U', 'd')`},
			run: []string{
				`begin`, `update docs set id = id - 1, tenant_id = case tenant_id when 'T' then 'U' else 'T' end`,
				`update docs set tenant_id = case tenant_id when 'T' then 'U' else 'T' end`, `update docs set tenant_id = 'T', id = id - 1`, `commit`,
			},
		}, {
			name:  "one moves away, another takes its key in its tenant",
			setup: []string{`truncate docs`, `insert into docs values (1, 'T', 'a'), (2, 'U', 'b')`},
			run:   []string{`update docs set id = case id when 1 then 9 else 1 end, tenant_id = 'T'`},
		}, {
			name:  "many rows, many tenants, all keys shift",
			setup: []string{`truncate docs`, `insert into docs select n, case n % 3 when 0 then 'T' else 'U' end, 'x' from generate_series(1, 200) n`},
			run:   []string{`update docs set id = id - 1, tenant_id = case n when 0 then tenant_id when 1 then 'T' else 'U' end from (select id as key, id % 5 as n from docs) k where key = id`},
		}, {
			name: "to another tenant and back", run: []string{
				`begin`, `update docs set tenant_id = 'U' where id = 1`, `update docs set tenant_id = 'T' where id = 1`, `update docs set tenant_id = 'U'`, `commit`,
			},
		},
	}
}

// Statements that fail.
func failures() []leading {
	careful := []string{
		`create function act() returns trigger language plpgsql as $$ begin
			begin
				delete from docs where id = 1;
				insert into docs values (new.id, 'T', 'fails');
			exception when unique_violation then
				update docs set body = 'careful' where id = new.id;
			end;
			return null; end $$`,
		`create trigger act after insert on docs for each row when (pg_trigger_depth() < 1) execute function act()`,
	}
	return []leading{
		{
			name: "a statement that fails, then others", run: []string{
				`begin`, `insert into docs values (4, 'T', 'four')`, `savepoint a`, `!insert into docs values (5, 'T', 'x'), (4, 'T', 'x')`,
				`rollback to a`, `delete from docs where id = 4`, `insert into docs values (4, 'U', 'four')`, `commit`,
			},
			want: []string{`docs T i (4,T,four)`, `docs T d (4,T,four)`, `docs U i (4,U,four)`},
		}, {
			name: "the first statement of a session fails", run: []string{
				`!insert into docs values (1, 'T', 'x')`, `begin`, `insert into docs values (4, 'T', 'four')`, `delete from docs where id = 4`, `commit`,
			},
			want: []string{`docs T i (4,T,four)`, `docs T d (4,T,four)`},
		}, {
			name: "the first statement of a session fails, then a cascade", setup: shop(`on delete cascade`), run: []string{
				`!insert into orders values (1, 'T', 7, 'x')`, `begin`, `update orders set status = 'x'`, `delete from customers where id = 7`, `commit`,
			},
		}, {
			name: "a cascade that fails, then others", setup: append(shop(`on delete cascade`),
				`create table lines (id int primary key, order_id int references orders, tenant_id text)`, `select rowcast.watch('lines')`,
				`insert into lines values (1, 2, 'T')`),
			run: []string{
				`begin`, `insert into orders values (3, 'T', 7, 'new')`, `savepoint a`, `!delete from customers where id = 7`, `rollback to a`,
				`update orders set status = 'y'`, `delete from lines`, `delete from customers where id = 7`, `insert into orders values (3, 'T', 1, 'z')`, `commit`,
			},
		}, {
			name: "a trigger catches what fails", setup: careful, run: []string{
				`begin`, `insert into docs values (4, 'T', 'four')`, `update docs set body = body || '!' where id = 4`, `commit`,
			},
			want: []string{`docs T i (4,T,four)`, `docs T u (4,T,careful)<(4,T,four)`, `docs T u (4,T,careful!)<(4,T,careful)`},
		}, {
			name: "a savepoint that is rolled back", setup: shop(`on delete cascade`), run: []string{
				`begin`, `update orders set status = 'a'`, `savepoint a`, `delete from customers where id = 7`, `insert into orders values (1, 'U', 1, 'b')`,
				`rollback to a`, `update orders set status = 'c'`, `delete from customers where id = 7`, `commit`,
			},
		}, {
			name: "a trigger fails inside a cascade", setup: append(shop(`on delete cascade`),
				`create function act() returns trigger language plpgsql as $$ begin
					begin
						insert into docs values (old.id, 'T', 'x');
					exception when unique_violation then
						insert into docs values (old.id + 10, 'T', 'x');
					end;
					return null; end $$`,
				`create trigger act after delete on orders for each row execute function act()`),
			run: []string{`begin`, `insert into docs values (11, 'T', 'x')`, `delete from docs where id in (1, 11)`, `delete from customers where id = 7`, `delete from docs where id = 1`, `commit`},
		},
	}
}

// Partitions, with triggers on the whole.
func partitions() []leading {
	setup := []string{
		`create table parts (id int primary key, tenant_id text, body text) partition by range (id)`,
		`create table parts_1 partition of parts for values from (0) to (10)`,
		`create table parts_2 (body text, id int not null, tenant_id text)`,
		`alter table parts attach partition parts_2 for values from (10) to (20)`,
		`select rowcast.watch('parts')`,
		`insert into parts values (1, 'T', 'one'), (2, 'U', 'two'), (11, 'T', 'eleven')`,
	}
	with := func(when, body string) []string {
		return append(slices.Clone(setup),
			`create function act() returns trigger language plpgsql as $$ begin `+body+` end $$`,
			`create trigger act `+when+` execute function act()`)
	}
	return []leading{
		{
			name:  "a partitioned table, before insert, delete the key",
			setup: with(`before insert on parts for each row`, `delete from parts where id = new.id; return new;`),
			run: []string{
				`begin`, `insert into parts values (1, 'T', 'one'), (12, 'T', 'twelve'), (11, 'U', 'eleven')`,
				`insert into parts_1 values (1, 'T', 'one'), (2, 'T', 'dos')`, `commit`,
			},
		}, {
			name:  "a partitioned table, before update, change the others",
			setup: with(`before update on parts for each row when (pg_trigger_depth() < 1)`, `update parts set body = body || '-' where id <> old.id; return new;`),
			run:   []string{`begin`, `update parts set body = 'x' where id = 1`, `update parts_2 set body = 'y'`, `commit`},
		}, {
			name:  "a row moves to another partition and its key is taken",
			setup: with(`before update on parts for each row`, `delete from parts where id = 12; return new;`),
			run: []string{
				`begin`, `update parts set id = 12 where id = 1`, `insert into parts values (1, 'U', 'new')`, `update parts set id = 13, tenant_id = 'U' where id = 2`,
				`update parts set id = 2 where id = 11`, `commit`,
			},
		}, {
			name:  "all rows shift over the bounds of partitions",
			setup: append(slices.Clone(setup), `truncate parts`, `insert into parts values (11, 'U', 'a'), (10, 'T', 'b'), (1, 'T', 'c'), (2, 'U', 'd')`),
			run:   []string{`begin`, `update parts set id = id + 1 where id between 10 and 11`, `update parts set id = id - 2 where id >= 10`, `update parts set id = id + 10, tenant_id = 'U' where id < 9`, `commit`},
		}, {
			name:  "after insert in a partition, delete the row",
			setup: with(`after insert on parts for each row`, `delete from parts where id = new.id; return null;`),
			run:   []string{`begin`, `insert into parts values (3, 'T', 'x'), (13, 'U', 'x')`, `insert into parts_2 values ('x', 14, 'T')`, `update parts set body = 'y'`, `commit`},
		}, {
			name: "a partition is written by a trigger",
			setup: append(with(`after update on docs for each row`, `delete from parts_1 where id = new.id; insert into parts_2 values (new.body, new.id + 11, 'T'); return null;`),
				`delete from parts_1 where id = 2`),
			run: []string{`begin`, `update parts set body = 'x' where id = 1`, `update docs set body = 'y' where id = 1`, `delete from parts where id = 12`, `commit`},
			want: []string{
				`parts T u (1,T,x)<(1,T,one)`, `docs T u (1,T,y)<(1,T,one)`, `parts T d (1,T,x)`, `parts T i (y,12,T)`, `parts T d (12,T,y)`,
			},
		}, {
			name: "a partition cascades",
			setup: append(slices.Clone(setup), `create table p (id int primary key)`, `insert into p values (1), (2)`,
				`alter table parts add p int references p on delete cascade on update cascade`, `update parts set p = 1`),
			run: []string{
				`begin`, `update parts set body = 'x'`, `update p set id = 5 where id = 1`, `insert into parts_1 values (3, 'T', 'three', 2)`,
				`delete from p`, `insert into parts values (3, 'U', 'again')`, `commit`,
			},
		}, {
			name: "a replica applies a part to partitions", setup: setup,
			run: []string{
				`begin`, `update parts set body = 'x' where id = 1`, `set local session_replication_role = replica`, `update parts set id = 14 where id = 1`,
				`insert into parts values (1, 'T', 'new')`, `delete from parts where id = 14`, `set local session_replication_role = origin`, `update parts set body = 'y'`, `commit`,
			},
		},
	}
}
