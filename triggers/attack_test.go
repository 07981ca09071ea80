package triggers_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// spy makes a function that writes down as whom it was called.
func spy(name, arguments, result, value string) string {
	return fmt.Sprintf(`create function %s(%s) returns %s language plpgsql immutable as
		$f$ begin perform public.note(%s, current_user); return %s; end $f$`, name, arguments, result, pgQuote(name), value)
}

func pgQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// installers are the ways in which capture can be installed.
var installers = map[string]string{
	"superuser": "login superuser", "createrole": "login createrole", "neither": "login",
}

// TestOwnerOfATableGetsNoRights has the owner of a watched table define whatever
// PostgreSQL runs for him when a row is read, converted, compared or planned, and
// write to the table in every way. All of it runs as him.
func TestOwnerOfATableGetsNoRights(t *testing.T) {
	t.Parallel()
	for name, attributes := range installers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			installer, owner := "installer_"+name, "mallory_"+name
			pg := pgtest.Own(t, devpg.Options{NoTCP: true}) // no other database has made the role
			pgtest.Admin(t, pg, `create role `+installer+` `+attributes, `create role `+owner+` login`)
			dsn := pg.SocketDSN("postgres")
			admin := pgtest.Connect(t, dsn)
			pgtest.Exec(t, admin, `create table public.notes (what text, who text)`, `grant insert, select on public.notes to public`,
				`create function public.note(what text, who text) returns void language plpgsql as $$ begin insert into public.notes values (what, who); end $$`,
				`grant create on schema public to `+owner, `grant all on database postgres to `+installer,
				`grant `+owner+` to `+installer)

			mallory := pgtest.Connect(t, as(t, dsn, owner))
			// Better matches than those of PostgreSQL, for whoever has public in the search_path.
			pgtest.Exec(t, mallory,
				spy("public.nextval", "text", "bigint", "1"), spy("public.format", "text, integer", "text", "'x'"), spy("public.modulo", "bigint, integer", "bigint", "2"),
				spy("public.format", "text, text, text", "text", "'x'"), spy("public.cardinality", "text[]", "integer", "1"), spy("public.split_part", "text, text, bigint", "text", "'x'"),
				spy("public.same", "oid, regclass", "boolean", "true"), spy("public.set_config", "text, text, integer", "text", "'x'"),
				`create operator public.% (leftarg = bigint, rightarg = integer, function = public.modulo)`,
				`create operator public.= (leftarg = oid, rightarg = regclass, function = public.same)`)
			pgtest.Migrate(t, as(t, dsn, installer))
			want := map[bool]string{true: installer, false: "rowcast_capture"}[name == "neither"]
			if got := pgtest.Query[string](t, admin, `select rowcast.capture_owner()::text`); got != want {
				t.Errorf("capture runs as %s; want %s", got, want)
			}

			pgtest.Exec(t, mallory,
				`create type mood as enum ('sad', 'glad')`, `create type pair as (a int, m mood)`, `create domain whim as mood`,
				spy("to_j", "mood", "json", `'"cast"'`), `create cast (mood as json) with function to_j(mood)`,
				spy("to_b", "mood", "jsonb", `'"cast"'`), `create cast (mood as jsonb) with function to_b(mood)`,
				spy("to_t", "mood", "text", `'cast'`), `create cast (mood as text) with function to_t(mood) as implicit`,
				spy("pair_j", "pair", "json", `'"cast"'`), `create cast (pair as json) with function pair_j(pair)`,
				spy("indexed", "int", "int", "1"), spy("allowed", "int", "boolean", "true"),
				`create domain checked as int check (allowed(value))`,
				`create type span as range (subtype = int4)`, spy("span_j", "span", "json", `'"cast"'`), `create cast (span as json) with function span_j(span)`,
				`create table plain (id int primary key, tenant_id text, body text)`,
				`create index on plain ((indexed(1) + id))`, `create statistics s on (indexed(1) + id), id from plain`,
				`create table docs (id int primary key, tenant_id text, m mood, ms mood[], p pair, ps pair[], w whim, c checked, s span)`,
				`create table parts (id int, tenant_id text, m mood, primary key (id)) partition by range (id)`,
				`create table parts_1 partition of parts for values from (0) to (100)`, `create table parts_2 partition of parts for values from (100) to (200)`,
				`create table keyed (tenant_id text, m mood primary key, body text)`,
				`create function again() returns trigger language plpgsql as $$ begin
					if pg_trigger_depth() < 2 then update plain set body = body || '.' where id = new.id; end if; return null; end $$`,
				`create trigger zz after insert or update on plain for each row execute function again()`)
			watcher := pgtest.Connect(t, as(t, dsn, installer))
			pgtest.Exec(t, watcher, `select rowcast.watch('plain')`, `select rowcast.watch('docs', exclude => '{c}')`, `select rowcast.watch('parts')`, `select rowcast.watch('keyed')`)

			row := `'T', 'sad', '{sad,glad}', row(1,'sad')::pair, array[row(1,'sad')::pair], 'glad', 1, '[1,2)'`
			writes := []string{
				`insert into plain values (1, 'T', 'one')`, `insert into plain select n, 'T', 'x' from generate_series(2, 90) n`, `update plain set id = id + 1000, body = 'y'`,
				`insert into docs values (1, ` + row + `)`, `insert into docs values (2, ` + row + `), (3, ` + row + `)`,
				`update docs set m = 'glad' where id = 1`, `update docs set m = 'glad'`, `update docs set tenant_id = 'U'`, `update docs set m = null, p = null, ms = '{}'`,
				`insert into parts values (1, 'T', 'sad'), (101, 'T', 'glad')`, `update parts set id = id + 150 where id < 100`, `insert into keyed values ('T', 'sad', 'x'), ('T', 'glad', 'x')`,
				`update keyed set body = 'y', tenant_id = 'U'`, `delete from docs where id = 1`, `delete from docs`, `delete from parts`, `truncate plain`,
			}
			for _, isolation := range []string{"read committed", "repeatable read", "serializable"} {
				pgtest.Exec(t, mallory, `begin isolation level `+isolation)
				pgtest.Exec(t, mallory, writes...)
				pgtest.Exec(t, mallory, `rollback`)
			}
			pgtest.Exec(t, mallory, writes...)

			// A type that comes when the table has been captured as a whole by the session.
			pgtest.Exec(t, mallory, `insert into plain values (1, 'T', 'one')`, `alter table plain add column m mood default 'sad'`, `insert into plain values (2, 'T', 'two')`,
				`update plain set m = 'glad'`, `alter table plain alter column body type mood using 'sad'`, `drop trigger zz on plain`, `update plain set body = 'glad'`,
				`alter table plain alter column tenant_id type mood using 'sad'`, `insert into plain values (3, 'glad', 'sad'), (4, 'glad', 'sad')`)

			// One that comes behind the snapshot of the transaction.
			pgtest.Exec(t, mallory, `create table late (id int primary key, tenant_id text, body text)`)
			pgtest.Exec(t, watcher, `select rowcast.watch('late')`)
			other := pgtest.Connect(t, as(t, dsn, owner))
			pgtest.Exec(t, other, `insert into late values (1, 'T', 'one')`, `begin isolation level repeatable read`, `select 1 from pg_class`)
			pgtest.Exec(t, mallory, `alter table late alter column body type mood using 'sad'`)
			if got := refused(t, other, `insert into late values (2, 'T', 'sad')`); got.Code != "40001" {
				t.Errorf("the insert behind an older snapshot: %v", got)
			}

			// Verified by who may read everything.
			pgtest.Exec(t, watcher, `select count(*) from rowcast.verify('docs')`, `select * from rowcast.trigger_drift()`, `alter table keyed disable trigger rowcast_update`, `select * from rowcast.trigger_drift()`)

			for _, who := range pgtest.Column[string](t, admin, `select distinct n.what || ' as ' || n.who from public.notes n where n.who <> $1`, owner) {
				t.Errorf("it ran code of the table's owner: %s", who)
			}
			seen := pgtest.Column[string](t, admin, `select distinct n.what from public.notes n`)
			for _, what := range []string{"allowed", "indexed"} { // PostgreSQL runs them in the writer's statement
				if !slices.Contains(seen, what) {
					t.Errorf("%s was not run at all: %v", what, seen)
				}
			}
			pgtest.Exec(t, mallory, `insert into docs values (9, `+row+`)`)
			got := pgtest.Query[string](t, admin, `select l.after[1]::text from rowcast.log l order by l.id desc limit 1`)
			if want := `{"id":9,"tenant_id":"T","m":"sad","ms":["sad","glad"],"p":{"a":1,"m":"sad"},"ps":[{"a":1,"m":"sad"}],"w":"glad","s":"[1,2)"}`; got != want {
				t.Errorf("the row is told as\n%s; want\n%s", got, want)
			}
		})
	}
}

// as is the address of a database for another role.
func as(t testing.TB, dsn, role string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	values := u.Query()
	values.Set("user", role)
	u.RawQuery = values.Encode()
	u.User = nil
	return u.String()
}
