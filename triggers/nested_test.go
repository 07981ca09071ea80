package triggers_test

import (
	"slices"
	"testing"

	"rowcast/internal/test/pgtest"
)

// A trigger of the user's that writes to the table it is called for: its
// changes come after those that caused them, the final row comes last.
func TestNestedWritesFollowTheirCause(t *testing.T) {
	t.Parallel()
	const first = `
		create function derive() returns trigger language plpgsql as $$ begin
			if length(new.body) < 3 then update docs set body = new.body || '+' where id = new.id; end if;
			return null;
		end $$`
	for name, setup := range map[string]string{
		"after row":                   `create trigger derive after insert or update on docs for each row execute function derive()`,
		"after row, first by name":    `create trigger a_derive after insert or update on docs for each row execute function derive()`,
		"deferred":                    `create constraint trigger derive after insert or update on docs deferrable initially deferred for each row execute function derive()`,
		"after statement":             statementTrigger("z_derive"),
		"after statement, first":      statementTrigger("a_derive"),
		"after statement, fires last": statementTrigger("zz"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, first, setup)
			d.Exec(t, `begin`, `insert into docs values (1, 'T', 'a')`, `commit`)
			d.wantSealedRows(t, `T 1 i (1,T,a)`, `T 2 u (1,T,a+)`, `T 3 u (1,T,a++)`)
			if got := pgtest.Query[string](t, d.Conn, `select body from docs`); got != "a++" {
				t.Errorf("the table has %s", got)
			}
			d.Exec(t, `begin`, `insert into docs values (2, 'T', 'bb'), (3, 'T', 'ccc')`, `update docs set body = 'd' where id > 1`, `commit`)
			d.seal(t)
			last := pgtest.Column[string](t, d.Conn, `
				select distinct on (r.id) format('%s %s', r.id, r.body)
				  from rowcast.sealed s join rowcast.log using (xid, id), unnest(after) a, json_to_record(a) r (id int, body text)
				 order by r.id, s.place desc`)
			now := pgtest.Column[string](t, d.Conn, `select format('%s %s', id, body) from docs order by id`)
			if len(now) != 3 || !slices.Equal(last, now) {
				t.Errorf("the final rows in the log are %q, in the table %q", last, now)
			}
		})
	}
}

func statementTrigger(name string) string {
	return `
		create function derive_all() returns trigger language plpgsql as $$ begin
			update docs set body = n.body || '+' from changed n where docs.id = n.id and length(n.body) < 3;
			return null;
		end $$;
		create trigger ` + name + `_i after insert on docs referencing new table as changed for each statement execute function derive_all();
		create trigger ` + name + `_u after update on docs referencing new table as changed for each statement
			when (pg_trigger_depth() < 3) execute function derive_all()`
}

// The parts of MERGE begin in another order than they run in, and still a
// nested write is told from them.
func TestNestedWriteInModifyingExpression(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`insert into docs values (1, 'T', 'one'), (2, 'T', 'two')`, `delete from rowcast.log`,
		`create function again() returns trigger language plpgsql as $$ begin
			update docs set body = new.body || '!' where id = new.id;
			return null;
		end $$`,
		`create trigger again after insert on docs for each row execute function again()`)
	d.Exec(t, `begin`, `with gone as (delete from docs where id = 1 returning *) insert into docs select id, tenant_id, 'uno' from gone`)
	d.Exec(t, `commit`)
	d.wantSealedRows(t, `T 1 d (1,T,one)`, `T 2 i (1,T,uno)`, `T 3 u (1,T,uno!)`)
}

// A statement that fails inside leaves nothing open for the ones that follow.
func TestFailedNestedStatementClosesItself(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`create function careful() returns trigger language plpgsql as $$ begin
			begin
				insert into docs values (new.id, 'T', 'again');
			exception when unique_violation then
				update docs set body = 'careful' where id = new.id;
			end;
			return null;
		end $$`,
		`create trigger careful after insert on docs for each row execute function careful()`)
	d.Exec(t, `begin`, `insert into docs values (1, 'T', 'one')`, `savepoint a`)
	refused(t, d.Conn, `insert into docs values (1, 'T', 'one')`)
	d.Exec(t, `rollback to a`, `update docs set body = body || '!'`)
	d.Exec(t, `commit`)
	d.wantSealedRows(t, `T 1 i (1,T,one)`, `T 2 u (1,T,careful)`, `T 3 u (1,T,careful!)`)
}

func TestSelfReference(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`create table tree (id int primary key, parent int references tree on delete set null on update cascade, tenant_id text)`,
		`select rowcast.watch('tree')`,
		`insert into tree values (1, null, 'T'), (2, 1, 'T'), (3, 2, 'T')`, `delete from rowcast.log`)
	d.Exec(t, `begin`, `update tree set id = 10 where id = 1`, `delete from tree where id = 2`)
	d.Exec(t, `commit`)
	d.wantLog(t, `u T (10,null,T)(2,10,T)<(1,null,T)(2,1,T)`, `d T <(2,10,T)`, `u T (3,null,T)<(3,2,T)`)
	d.wantSealed(t, "T 1-2 u", "T 3 d", "T 4 u")
}
