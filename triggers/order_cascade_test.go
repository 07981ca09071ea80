package triggers_test

import "slices"

// shop is a watched table with an unwatched parent.
func shop(actions string) []string {
	return []string{
		`create table customers (id int primary key)`,
		`create table orders (id int primary key, tenant_id text, customer_id int default 1 references customers ` + actions + `, status text)`,
		`select rowcast.watch('orders')`,
		`insert into customers values (1), (7)`,
		`insert into orders values (1, 'T', 7, 'new'), (2, 'T', 7, 'new')`,
	}
}

// Foreign keys. PostgreSQL runs their actions for the outermost statement.
func cascades() []leading {
	all := `on delete cascade on update cascade`
	return []leading{
		{
			name: "update, then a delete cascades", setup: shop(all),
			run: []string{`begin`, `update orders set status = 'cancelled' where customer_id = 7`, `delete from customers where id = 7`, `commit`},
			want: []string{
				`orders T u (1,T,7,cancelled)<(1,T,7,new)`, `orders T u (2,T,7,cancelled)<(2,T,7,new)`,
				`orders T d (1,T,7,cancelled)`, `orders T d (2,T,7,cancelled)`,
			},
		},
		{
			name: "insert, then a delete cascades", setup: shop(all),
			run:  []string{`begin`, `insert into orders values (3, 'T', 7, 'new')`, `delete from customers where id = 7`, `commit`},
			want: []string{`orders T i (3,T,7,new)`, `orders T d (1,T,7,new)`, `orders T d (2,T,7,new)`, `orders T d (3,T,7,new)`},
		},
		{
			name: "insert, then an update cascades", setup: append(shop(all), `delete from orders`),
			run:  []string{`begin`, `insert into orders values (3, 'T', 7, 'new')`, `update customers set id = 8 where id = 7`, `commit`},
			want: []string{`orders T i (3,T,7,new)`, `orders T u (3,T,8,new)<(3,T,7,new)`},
		},
		{
			name: "a cascade begins the transaction", setup: shop(all),
			run: []string{`begin`, `delete from customers where id = 7`, `insert into orders values (1, 'T', 1, 'again')`, `commit`},
			want: []string{
				`orders T d (1,T,7,new)`, `orders T d (2,T,7,new)`, `orders T i (1,T,1,again)`,
			},
		},
		{
			name: "cascades between statements", setup: shop(all),
			run: []string{
				`begin`, `delete from customers where id = 7`,
				`insert into customers values (7)`, `insert into orders values (1, 'T', 7, 'again')`,
				`delete from customers where id = 7`, `insert into orders values (1, 'T', 1, 'last')`,
				`update customers set id = 5 where id = 1`, `commit`,
			},
			want: []string{
				`orders T d (1,T,7,new)`, `orders T d (2,T,7,new)`, `orders T i (1,T,7,again)`, `orders T d (1,T,7,again)`,
				`orders T i (1,T,1,last)`, `orders T u (1,T,5,last)<(1,T,1,last)`,
			},
		},
		{
			name: "update, then set null", setup: append(shop(`on delete set null`), `delete from orders where id = 2`),
			run:  []string{`begin`, `update orders set status = 'x'`, `delete from customers where id = 7`, `commit`},
			want: []string{`orders T u (1,T,7,x)<(1,T,7,new)`, `orders T u (1,T,null,x)<(1,T,7,x)`},
		},
		{
			name: "insert, then set default", setup: append(shop(`on delete set default`), `delete from orders`),
			run:  []string{`begin`, `insert into orders values (3, 'T', 7, 'new')`, `delete from customers where id = 7`, `commit`},
			want: []string{`orders T i (3,T,7,new)`, `orders T u (3,T,1,new)<(3,T,7,new)`},
		},
		{
			name: "a deferred foreign key cascades", setup: shop(all + ` deferrable initially deferred`),
			run: []string{
				`begin`, `insert into orders values (3, 'T', 9, 'new')`, `insert into customers values (9)`,
				`delete from customers where id in (7, 9)`, `commit`,
			},
		},
		{
			name: "two levels of unwatched parents", setup: append(shop(all),
				`create table regions (id int primary key)`, `insert into regions values (1)`,
				`alter table customers add region int default 1 references regions on delete cascade`),
			run: []string{
				`begin`, `insert into orders values (3, 'T', 7, 'new')`, `update orders set status = 'x' where id < 3`,
				`delete from regions`, `commit`,
			},
		},
		{
			name: "watched parent and child",
			setup: []string{
				`create table notes (id int primary key, doc int references docs on delete cascade on update cascade, tenant_id text)`,
				`select rowcast.watch('notes')`, `insert into notes values (1, 1, 'T'), (2, 2, 'U')`,
			},
			run: []string{
				`begin`, `insert into notes values (3, 1, 'T')`, `update docs set id = 10 where id = 1`,
				`delete from docs where id = 10`, `commit`,
			},
			want: []string{
				`notes T i (3,1,T)`, `docs T u (10,T,one)<(1,T,one)`, `notes T u (1,10,T)<(1,1,T)`, `notes T u (3,10,T)<(3,1,T)`,
				`docs T d (10,T,one)`, `notes T d (1,10,T)`, `notes T d (3,10,T)`,
			},
		},
		{
			name: "a primary key that is a foreign key",
			setup: []string{
				`create table customers (id int primary key)`,
				`create table profiles (id int primary key references customers on update cascade on delete cascade, tenant_id text)`,
				`select rowcast.watch('profiles')`, `insert into customers values (1), (2)`, `insert into profiles values (1, 'T'), (2, 'U')`,
			},
			run: []string{
				`begin`, `update customers set id = 9 where id = 1`, `update customers set id = 1 where id = 2`,
				`update customers set id = 2 where id = 9`, `commit`,
			},
			want: []string{`profiles T u (9,T)<(1,T)`, `profiles U u (1,U)<(2,U)`, `profiles T u (2,T)<(9,T)`},
		},
		{
			name: "one statement moves keys through a foreign key",
			setup: []string{
				`create table customers (id int primary key)`,
				`create table profiles (id int primary key references customers on update cascade on delete cascade, tenant_id text)`,
				`select rowcast.watch('profiles')`, `insert into customers values (1), (2), (3)`,
				`insert into profiles values (3, 'U'), (2, 'T'), (1, 'U')`,
			},
			run: []string{`update customers set id = id - 1`},
		},
		{
			name: "a tree",
			setup: []string{
				`create table tree (id int primary key, parent int references tree on delete cascade on update cascade, tenant_id text)`,
				`select rowcast.watch('tree')`, `insert into tree values (1, null, 'T'), (2, 1, 'T'), (3, 2, 'U')`,
			},
			run: []string{
				`begin`, `update tree set id = id + 10 where id = 1`, `insert into tree values (4, 3, 'T')`,
				`update tree set id = 20 where id = 2`, `delete from tree where id = 11`, `insert into tree values (3, null, 'U')`, `commit`,
			},
		},
		{
			name: "truncate cascades", setup: shop(all),
			run: []string{
				`begin`, `update orders set status = 'x'`, `insert into orders values (3, 'U', 7, 'new')`,
				`truncate customers cascade`, `insert into orders values (2, 'T', null, 'kept')`, `commit`,
			},
		},
		setNullThenCascade("of the same parent row", `delete from p where id = 1`, 1, 1),
		setNullThenCascade("of two parent rows", `delete from p`, 1, 2),
		setNullThenCascade("of two parent rows, the other way", `delete from p`, 2, 1),
		setNullThenCascade("of two parents in one query", `
			with gone as (delete from p returning id), gone_too as (delete from q returning id)
			select count(*) from gone, gone_too`, 1, 0),
		setNullThenCascade("of two parents in one query, the other first", `
			with gone_too as (delete from q returning id), gone as (delete from p where id in (select id from gone_too) returning id)
			select count(*) from gone`, 1, 0),
		setNullThenCascade("of two statements", `with a as (delete from p where id = 1) delete from p where id = 2`, 1, 2),
		setNullThenCascade("after an update", `update docs set body = 'x'; delete from p`, 1, 2),
	}
}

// setNullThenCascade has one statement set a column of a row to null by one
// foreign key, and delete the row by another. A cascade of 0 has the third do it.
func setNullThenCascade(name, statement string, null, cascade int) leading {
	return leading{
		name: "set null, then cascade, " + name,
		setup: []string{
			`create table p (id int primary key)`, `create table q (id int primary key)`,
			`create table c (id int primary key, tenant_id text, a int references p on delete set null,
			                 b int references p on delete cascade, d int references q on delete cascade)`,
			`select rowcast.watch('c')`, `insert into p values (1), (2)`, `insert into q values (1)`,
			`insert into c select 1, 'T', ` + literal(null) + `, nullif(` + literal(cascade) + `, 0), 1`,
		},
		run: []string{`begin`, `insert into docs values (8, 'T', 'eight')`, statement, `commit`},
	}
}

func literal(n int) string { return string(rune('0' + n)) }

// Triggers of the user's that write to a watched table.
func triggerWrites() []leading {
	writes := func(body string) string {
		return `create function act() returns trigger language plpgsql as $$ begin ` + body + ` end $$`
	}
	others := []string{
		`create table others (id int primary key, note text)`, `insert into others values (1, 'x')`,
		`create table logbook (id int primary key, tenant_id text, note text)`, `select rowcast.watch('logbook')`,
	}
	list := []leading{
		{
			name: "two levels of triggers",
			setup: append(slices.Clone(others),
				writes(`insert into logbook values (new.id, 'T', new.body); return null;`),
				`create trigger act after insert or update on docs for each row execute function act()`,
				`create function act_again() returns trigger language plpgsql as $$ begin
					update docs set body = 'seen' where id = new.id + 1; return null; end $$`,
				`create trigger act after insert on logbook for each row when (new.id < 3) execute function act_again()`),
			run: []string{`begin`, `update docs set body = 'uno' where id = 1`, `delete from docs where id = 2`, `commit`},
			want: []string{
				`docs T u (1,T,uno)<(1,T,one)`, `logbook T i (1,T,uno)`, `docs T u (2,T,seen)<(2,T,two)`, `logbook T i (2,T,seen)`,
				`docs U u (3,U,seen)<(3,U,three)`, `logbook T i (3,T,seen)`, `docs T d (2,T,seen)`,
			},
		}, {
			name: "an unwatched table's trigger deletes what was written before",
			setup: append(slices.Clone(others), writes(`delete from docs where id = 9; return null;`),
				`create trigger act after update on others for each row execute function act()`),
			run:  []string{`begin`, `insert into docs values (9, 'T', 'nine')`, `update others set note = 'y'`, `commit`},
			want: []string{`docs T i (9,T,nine)`, `docs T d (9,T,nine)`},
		}, {
			name: "an unwatched table's trigger writes again and again",
			setup: append(slices.Clone(others),
				writes(`delete from docs where id = 1; insert into docs values (1, 'T', new.note); update docs set body = body || '!' where id = 1; return new;`),
				`create trigger act before update on others for each row execute function act()`),
			run: []string{
				`begin`, `update others set note = 'y'`, `update docs set body = body || '?' where id = 1`,
				`update others set note = 'z'`, `delete from docs where id = 2`, `commit`,
			},
			want: []string{
				`docs T d (1,T,one)`, `docs T i (1,T,y)`, `docs T u (1,T,y!)<(1,T,y)`, `docs T u (1,T,y!?)<(1,T,y!)`,
				`docs T d (1,T,y!?)`, `docs T i (1,T,z)`, `docs T u (1,T,z!)<(1,T,z)`, `docs T d (2,T,two)`,
			},
		}, {
			name: "an unwatched table's trigger truncates",
			setup: append(slices.Clone(others), writes(`truncate docs; insert into docs values (1, 'T', 'first'); return null;`),
				`create trigger act after update on others for each statement execute function act()`),
			run: []string{`begin`, `insert into docs values (9, 'T', 'nine')`, `update others set note = 'y'`, `update docs set body = 'x'`, `commit`},
		}, {
			name: "deferred at commit",
			setup: append(slices.Clone(others), writes(`update docs set body = body || '+' where id = new.id; return null;`),
				`create constraint trigger act after insert on docs deferrable initially deferred for each row execute function act()`),
			run: []string{
				`begin`, `insert into docs values (9, 'T', 'nine')`, `insert into docs values (8, 'T', 'eight')`,
				`update docs set body = 'neuf' where id = 9`, `commit`,
			},
			want: []string{
				`docs T i (9,T,nine)`, `docs T i (8,T,eight)`, `docs T u (9,T,neuf)<(9,T,nine)`,
				`docs T u (9,T,neuf+)<(9,T,neuf)`, `docs T u (8,T,eight+)<(8,T,eight)`,
			},
		}, {
			name: "deferred of an unwatched table deletes at commit",
			setup: append(slices.Clone(others), writes(`delete from docs where id = 9; return null;`),
				`create constraint trigger act after update on others deferrable initially deferred for each row execute function act()`),
			run: []string{
				`begin`, `update others set note = 'y'`, `insert into docs values (9, 'T', 'nine')`, `update docs set body = 'neuf' where id = 9`, `commit`,
			},
			want: []string{`docs T i (9,T,nine)`, `docs T u (9,T,neuf)<(9,T,nine)`, `docs T d (9,T,neuf)`},
		}, {
			name: "deferred made immediate",
			setup: append(slices.Clone(others), writes(`delete from docs where id = 9; return null;`),
				`create constraint trigger act after update on others deferrable initially deferred for each row execute function act()`),
			run: []string{
				`begin`, `insert into docs values (9, 'T', 'nine')`, `update others set note = 'y'`, `update docs set body = 'neuf' where id = 9`,
				`set constraints all immediate`, `insert into docs values (9, 'T', 'new')`, `commit`,
			},
			want: []string{
				`docs T i (9,T,nine)`, `docs T u (9,T,neuf)<(9,T,nine)`, `docs T d (9,T,neuf)`, `docs T i (9,T,new)`,
			},
		}, {
			name: "a replica applies a part",
			setup: append(slices.Clone(others), writes(`delete from docs where id = 9; return null;`),
				`create trigger act after update on others for each row execute function act()`),
			run: []string{
				`begin`, `insert into docs values (9, 'T', 'nine')`,
				`set local session_replication_role = replica`, `update docs set body = 'neuf' where id = 9`,
				`delete from docs where id = 1`, `insert into docs values (1, 'T', 'again')`,
				`set local session_replication_role = origin`, `update docs set body = 'last' where id = 1`, `update others set note = 'y'`,
				`commit`,
			},
			want: []string{
				`docs T i (9,T,nine)`, `docs T u (9,T,neuf)<(9,T,nine)`, `docs T d (1,T,one)`, `docs T i (1,T,again)`,
				`docs T u (1,T,last)<(1,T,again)`, `docs T d (9,T,neuf)`,
			},
		}, {
			name: "a rule deletes also", setup: append(slices.Clone(others),
				`create rule act as on update to others do also delete from docs where id = 9`),
			run:  []string{`begin`, `insert into docs values (9, 'T', 'nine')`, `update others set note = 'y'`, `commit`},
			want: []string{`docs T i (9,T,nine)`, `docs T d (9,T,nine)`},
		}, {
			name: "a rule writes also to the table itself", setup: append(slices.Clone(others),
				`create rule act as on insert to docs do also delete from logbook where id = new.id`,
				`create rule act_too as on delete to logbook do also insert into others values (old.id + 100, 'gone')`),
			run: []string{
				`begin`, `insert into logbook values (9, 'T', 'nine')`, `insert into docs values (9, 'T', 'nine')`,
				`insert into logbook values (9, 'T', 'new')`, `commit`,
			},
			want: []string{`logbook T i (9,T,nine)`, `docs T i (9,T,nine)`, `logbook T d (9,T,nine)`, `logbook T i (9,T,new)`},
		}, {
			name: "a rule updates instead", setup: append(slices.Clone(others),
				`create rule act as on delete to logbook do instead update docs set body = 'gone', id = id + 10 where id = old.id`,
				`insert into logbook values (1, 'T', 'one'), (2, 'T', 'two')`),
			run: []string{
				`begin`, `insert into docs values (11, 'T', 'in the way')`, `delete from docs where id = 11`, `delete from logbook`,
				`insert into docs values (1, 'T', 'uno')`, `commit`,
			},
			want: []string{
				`docs T i (11,T,in the way)`, `docs T d (11,T,in the way)`,
				`docs T u (11,T,gone)<(1,T,one)`, `docs T u (12,T,gone)<(2,T,two)`, `docs T i (1,T,uno)`,
			},
		},
	}
	// Triggers fire by name; ours must stand their neighbours on both sides.
	for _, name := range []string{"a_act", "rowcast", "z_act", "Act"} {
		for _, scope := range []string{"after insert on docs for each row", "after insert on docs for each statement"} {
			list = append(list, leading{
				name: `trigger "` + name + `" ` + scope,
				setup: append(slices.Clone(others),
					writes(`delete from docs where id = 1; insert into docs values (1, 'U', 'moved'); insert into logbook values (1, 'T', 'x'); return null;`),
					`create trigger "`+name+`" `+scope+` when (pg_trigger_depth() < 1) execute function act()`),
				run: []string{`begin`, `insert into docs values (9, 'T', 'nine')`, `delete from docs where id = 9`, `commit`},
				want: []string{
					`docs T i (9,T,nine)`, `docs T d (1,T,one)`, `docs U i (1,U,moved)`, `logbook T i (1,T,x)`, `docs T d (9,T,nine)`,
				},
			})
		}
		for _, scope := range []string{"before insert on docs for each row", "before insert on docs for each statement"} {
			list = append(list, leading{
				name: `trigger "` + name + `" ` + scope,
				setup: append(slices.Clone(others),
					writes(`delete from docs where id in (1, 2); insert into docs values (2, 'U', 'moved'); return new;`),
					`create trigger "`+name+`" `+scope+` when (pg_trigger_depth() < 1) execute function act()`),
				run: []string{`begin`, `update docs set body = 'x'`, `insert into docs values (1, 'T', 'uno')`, `update docs set body = 'y' where id = 1`, `commit`},
			})
		}
	}
	return list
}
