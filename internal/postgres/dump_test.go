package postgres_test

import (
	"bytes"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// tool runs a program of PostgreSQL's clients, or skips the test if the server is
// newer than it.
func tool(t *testing.T, dsn, name string, args ...string) {
	t.Helper()
	version, err := osexec.CommandContext(t.Context(), name, "--version").Output()
	if err != nil {
		t.Fatalf("%s: %v; install it (Debian, Ubuntu: apt install postgresql-client)", name, err)
	}
	words := strings.Fields(string(version))
	if len(words) < 3 {
		t.Fatalf("%s --version says %s", name, version)
	}
	number, _, _ := strings.Cut(words[2], ".")
	major, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("%s --version says %s: %v", name, version, err)
	}
	if server := pgtest.Column[string](t, pgtest.Connect(t, dsn), `select current_setting('server_version_num')`)[0]; server >= fmt.Sprintf("%d0000", major+1) {
		t.Skipf("%s %d does not work with a server %s", name, major, server)
	}
	cmd := osexec.CommandContext(t.Context(), name, append([]string{"--dbname", dsn}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, output)
	}
}

// shop has watched tables whose columns get other numbers in a dump, because
// some before them were dropped.
var shop = []string{
	`create table notes (id int primary key, gone int, secret text, account text, body text default 'seen')`,
	`create table orders (gone int, gone_too int, id int primary key, tenant_id text, password text, body text)`,
	`create table parts (id int, gone int, tenant_id text, secret text, primary key (id)) partition by range (id)`,
	`create table parts_1 partition of parts for values from (0) to (1000)`,
	`alter table notes drop column gone`, `alter table orders drop column gone, drop column gone_too`, `alter table parts drop column gone`,
	`create table skus (id int primary key, tenant_id text)`,
}

var watching = []string{
	`select rowcast.watch('notes', 'account', 'memo', '{secret}'), rowcast.watch('orders', name => 'sale', exclude => '{password}'), rowcast.watch('parts', exclude => '{secret}')`,
	`select rowcast.unwatch('skus')`,
	`insert into notes (id, account, secret) values (0, 'T', 'hidden')`,
}

// write makes 8 statements a table and role, which change 6 * 70 + 6 rows, and
// answers what the log has of them.
func write(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	pgtest.Exec(t, conn, `delete from rowcast.log`)
	for _, role := range []string{"origin", "replica"} {
		pgtest.Exec(t, conn, `set session_replication_role = `+role)
		for table, columns := range map[string]string{"notes": "id, account, secret", "orders": "id, tenant_id, password", "parts": "id, tenant_id, secret", "parts_1": "id, tenant_id, secret"} {
			pgtest.Exec(t, conn, fmt.Sprintf(`truncate %s`, table),
				fmt.Sprintf(`insert into %s (%s) select g, 'T', 'hidden' from generate_series(1, 70) g`, table, columns),
				fmt.Sprintf(`insert into %s (%s) values (71, 'T', 'hidden')`, table, columns),
				fmt.Sprintf(`update %s set id = id + 100`, table),
				fmt.Sprintf(`update %s set id = id + 1 where id = 171`, table),
				fmt.Sprintf(`delete from %s where id = 172`, table), fmt.Sprintf(`delete from %s`, table))
			_, err := conn.PgConn().CopyFrom(t.Context(), strings.NewReader("1\tT\thidden\n2\tT\thidden\n"), fmt.Sprintf(`copy %s (%s) from stdin`, table, columns))
			if err != nil {
				t.Fatalf("copy into %s: %v", table, err)
			}
		}
	}
	pgtest.Exec(t, conn, `reset session_replication_role`, `insert into skus values ((select coalesce(max(id), 0) + 1 from skus), 'T')`)
	if leaked := pgtest.Column[string](t, conn, `select l::text from rowcast.log l where l::text ~ 'hidden' limit 3`); len(leaked) > 0 {
		t.Errorf("the log has what is excluded: %v", leaked)
	}
	return pgtest.Column[string](t, conn, `
		select format('%s %s', coalesce(w.name, l.watched::text), sum(l.rows)) from rowcast.log l left join rowcast.watched w on w.id = l.watched
		 group by w.name, l.watched order by coalesce(w.name, l.watched::text)`)
}

// everything is what write leaves in the log: a truncate in each role, 71 inserts,
// 72 updates, 71 deletes and 2 rows of COPY.
func everything() []string {
	const rows = 2 * (1 + 71 + 72 + 71 + 2)
	return []string{fmt.Sprint("memo ", rows), fmt.Sprint("parts ", 2*rows), fmt.Sprint("sale ", rows)}
}

// Each way in which a database comes to be elsewhere: writers write as before, what
// was excluded stays so, and a new feed watches what was watched, as it was.
func TestRestoredDatabases(t *testing.T) {
	t.Parallel()
	source := pgtest.Database(t)
	admin := pgtest.Connect(t, source)
	pgtest.Exec(t, admin, shop...)
	up(t, migrator(t, source))
	pgtest.Exec(t, admin, watching...)
	dump := func(t *testing.T, target string, args ...string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "shop.dump")
		tool(t, source, "pg_dump", append([]string{"--format", "custom", "--file", file}, args...)...)
		tool(t, target, "pg_restore", "--exit-on-error", "--no-owner", file)
	}
	for _, test := range []struct {
		name string
		// make brings the shop to the target.
		make func(t *testing.T, target string)
		// blind: the log does not say before migrate which table it speaks of.
		blind bool
	}{
		{"custom format", func(t *testing.T, target string) { dump(t, target) }, false},
		{"plain", func(t *testing.T, target string) {
			file := filepath.Join(t.TempDir(), "shop.sql")
			tool(t, source, "pg_dump", "--file", file)
			pgtest.Psql(t, target, "-q", "-f", file)
		}, false},
		{"plain, for a server without lz4", func(t *testing.T, target string) {
			file := filepath.Join(t.TempDir(), "shop.sql")
			tool(t, source, "pg_dump", "--file", file)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text = bytes.ReplaceAll(text, []byte("SET COMPRESSION lz4"), []byte("SET COMPRESSION not_here")) // refused alike
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			tool(t, target, "psql", "-q", "-f", file)
		}, false},
		{"without the data of the log", func(t *testing.T, target string) { dump(t, target, "--exclude-table-data", "rowcast.log*") }, false},
		{"without the data of the schema", func(t *testing.T, target string) { dump(t, target, "--exclude-table-data", "rowcast.*") }, true},
		{"schema only", func(t *testing.T, target string) { dump(t, target, "--schema-only") }, true},
		{"numbers that mean nothing", func(t *testing.T, target string) {
			conn := pgtest.Connect(t, target)
			pgtest.Exec(t, conn, shop...)
			up(t, migrator(t, target))
			pgtest.Exec(t, conn, watching...)
			pgtest.Exec(t, conn, `update rowcast.watched set relation = (relation::bigint + 100000)::oid`, `update rowcast.feed set identity = 'elsewhere'`)
		}, false},
		{"numbers of others", func(t *testing.T, target string) {
			conn := pgtest.Connect(t, target)
			pgtest.Exec(t, conn, shop...)
			up(t, migrator(t, target))
			pgtest.Exec(t, conn, watching...)
			// Each has the number of the next, one that of a toast index.
			pgtest.Exec(t, conn, `drop index rowcast.watched_active`,
				`update rowcast.watched w set relation = coalesce((select min(o.relation::bigint)::oid from rowcast.watched o where o.relation > w.relation),
					(select indexrelid from pg_index i join pg_class c on c.reltoastrelid = i.indrelid where c.oid = 'notes'::regclass))`,
				`create unique index watched_active on rowcast.watched (relation) where active`, `update rowcast.feed set identity = 'elsewhere'`)
		}, false},
	} {
		for _, server := range []string{"same server", "another server"} {
			t.Run(test.name+", "+server, func(t *testing.T) {
				t.Parallel()
				target := pgtest.Database(t)
				if server == "another server" {
					target = pgtest.Own(t, devpg.Options{NoTCP: true}).SocketDSN("postgres")
					pgtest.Exec(t, pgtest.Connect(t, target), `create role rowcast_capture nologin`, `create table other (id int primary key, t text)`) // others have the numbers
				}
				test.make(t, target)
				worksAnew(t, target, test.blind)
			})
		}
	}
}

// worksAnew writes to a shop that came from elsewhere, begins a new feed, writes
// again, and removes Rowcast.
func worksAnew(t *testing.T, target string, blind bool) {
	t.Helper()
	conn := pgtest.Connect(t, target)
	want := everything()
	got := write(t, conn)
	if blind {
		if got = got[:min(len(got), len(want))]; len(got) != len(want) {
			t.Errorf("before migrate the log has %v", got)
		}
	} else if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("before migrate the log has (-want +got):\n%s", diff)
	}
	m := migrator(t, target)
	m.NewFeed = true
	up(t, m)
	wantWatched := []string{"notes memo account {secret}", "orders sale tenant_id {password}", "parts parts tenant_id {secret}"}
	if diff := cmp.Diff(wantWatched, pgtest.Column[string](t, conn, `select concat_ws(' ', relation::regclass, name, tenant_column, exclude) from rowcast.watched where active order by 1`)); diff != "" && !blind {
		t.Errorf("watched are (-want +got):\n%s", diff)
	}
	if blind {
		// Nothing says that it was unwatched.
		pgtest.Exec(t, conn, `select rowcast.unwatch('skus')`)
	}
	if diff := cmp.Diff(want, write(t, conn)); diff != "" {
		t.Errorf("the new feed has (-want +got):\n%s", diff)
	}
	if drift := pgtest.Column[string](t, conn, `select d.table_name || ': ' || d.detail from rowcast.trigger_drift() d`); len(drift) > 0 {
		t.Errorf("drift: %v", drift)
	}
	if foreign := pgtest.Column[string](t, conn, `select coalesce(rowcast.foreign_log(), '')`); foreign[0] != "" {
		t.Errorf("the new feed is foreign: %s", foreign)
	}
	if _, err := m.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, conn, `truncate notes, parts`, `insert into notes (id) values (1)`)
}

// A copy by create database ... template has the same numbers of tables, columns
// and transactions, and is another database.
func TestDatabaseMadeFromTemplate(t *testing.T) {
	t.Parallel()
	pg, source := pgtest.Server(t), pgtest.Database(t)
	conn := pgtest.Connect(t, source)
	pgtest.Exec(t, conn, shop...)
	up(t, migrator(t, source))
	pgtest.Exec(t, conn, watching...)
	pgtest.Exec(t, conn, `select rowcast.seal()`)
	name := pgtest.Column[string](t, conn, `select current_database()`)[0]
	if err := conn.Close(t.Context()); err != nil { // nobody may use a template
		t.Fatal(err)
	}
	pgtest.Admin(t, pg, "create database made_"+name+" template "+name)
	t.Cleanup(func() { pgtest.Admin(t, pg, "drop database made_"+name+" with (force)") })
	made := pgtest.Connect(t, pg.SocketDSN("made_"+name))
	if foreign := pgtest.Column[string](t, made, `select coalesce(rowcast.foreign_log(), '')`)[0]; !strings.Contains(foreign, "it was written in database ") {
		t.Errorf("the log of the copy is foreign because %q", foreign)
	}
	if drift := pgtest.Column[string](t, made, `select d.detail from rowcast.trigger_drift() d`); len(drift) > 0 {
		t.Errorf("drift of the copy: %v", drift)
	}
	pgtest.Exec(t, made, `delete from skus`)
	worksAnew(t, pg.SocketDSN("made_"+name), false)
	if foreign := pgtest.Column[string](t, pgtest.Connect(t, source), `select coalesce(rowcast.foreign_log(), '')`)[0]; foreign != "" {
		t.Errorf("the log of the template is foreign because %s", foreign)
	}
}

// Before anything else is done to a restored database, watch, unwatch and down
// find their tables.
func TestRestoredDatabaseIsFoundBy(t *testing.T) {
	t.Parallel()
	restored := func(t *testing.T) (*pgx.Conn, string) {
		dsn := pgtest.Database(t)
		conn := pgtest.Connect(t, dsn)
		pgtest.Exec(t, conn, shop...)
		up(t, migrator(t, dsn))
		pgtest.Exec(t, conn, watching...)
		pgtest.Exec(t, conn, `update rowcast.watched set relation = (relation::bigint + 100000)::oid`, `update rowcast.feed set identity = 'elsewhere'`)
		return conn, dsn
	}
	t.Run("watch", func(t *testing.T) {
		t.Parallel()
		conn, _ := restored(t)
		pgtest.Exec(t, conn, `select rowcast.watch('notes', name => 'jotting')`)
		if got := pgtest.Column[string](t, conn, `select concat_ws(' ', name, tenant_column, exclude) from rowcast.watched where active and relation = 'notes'::regclass`); len(got) != 1 || got[0] != "jotting account {secret}" {
			t.Errorf("watched are %v", got)
		}
		write(t, conn)
	})
	t.Run("unwatch", func(t *testing.T) {
		t.Parallel()
		conn, dsn := restored(t)
		if got := pgtest.Column[string](t, conn, `select rowcast.unwatch('orders')::text`); got[0] != "true" {
			t.Error("orders is not watched")
		}
		if steps := strings.Join(tables(up(t, migrator(t, dsn))), "\n"); !strings.Contains(steps, "orders: left alone: it was unwatched") {
			t.Errorf("migrate did %s", steps)
		}
	})
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		conn, dsn := restored(t)
		if _, err := migrator(t, dsn).Down(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := pgtest.Column[string](t, conn, `select tgname::text from pg_trigger where not tgisinternal`); len(left) > 0 {
			t.Errorf("down left %v", left)
		}
	})
}

// An excluded column that was renamed before the dump stays excluded: until it is
// named, only keys are told, and that is drift; migrate refuses to guess.
func TestRenamedBeforeTheDump(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	conn := pgtest.Connect(t, dsn)
	pgtest.Exec(t, conn, shop...)
	up(t, migrator(t, dsn))
	pgtest.Exec(t, conn, watching...)
	pgtest.Exec(t, conn, `alter table orders rename password to phrase`, `alter table notes rename account to owner`,
		`update rowcast.watched set relation = (relation::bigint + 100000)::oid`, `update rowcast.feed set identity = 'elsewhere'`, `delete from rowcast.log`,
		`insert into orders (id, tenant_id, phrase, body) values (1, 'T', 'hidden', 'body')`, `update orders set phrase = 'hidden, too', id = 2`,
		`insert into orders (id, tenant_id, phrase) select g, 'T', 'hidden' from generate_series(3, 80) g`,
		`insert into notes (id, owner) values (7, 'T')`, `insert into notes (id, owner) select g, 'T' from generate_series(8, 80) g`)
	want := []string{`{"id":1}`, `{"id":2}`, `{"id":3}`}
	if diff := cmp.Diff(want, pgtest.Column[string](t, conn, `select l.after[1]::text from rowcast.log l order by l.id`)); diff != "" {
		t.Errorf("the log has (-want +got):\n%s", diff)
	}
	for _, table := range []string{"notes", "orders"} {
		detail := pgtest.Column[string](t, conn, `select d.detail from rowcast.trigger_drift() d where d.table_name = $1 and d.lost`, table)
		if len(detail) != 1 || !strings.Contains(detail[0], "came with a dump and lacks columns") {
			t.Errorf("drift says of %s %q", table, detail)
		}
	}
	m := migrator(t, dsn)
	m.NewFeed = true
	_, err := m.Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "rowcast watch public.orders --exclude") || !strings.Contains(err.Error(), "rowcast watch public.notes --tenant-column") {
		t.Errorf("migrate says %v", err)
	}
	// What it names is enough.
	pgtest.Exec(t, conn, `select rowcast.watch('orders', exclude => '{phrase}'), rowcast.watch('notes', tenant_column => 'owner')`)
	up(t, migrator(t, dsn))
	if drift := pgtest.Column[string](t, conn, `select d.table_name || ': ' || d.detail from rowcast.trigger_drift() d`); len(drift) > 0 {
		t.Errorf("drift: %v", drift)
	}
	pgtest.Exec(t, conn, `delete from rowcast.log`, `update orders set phrase = 'hidden, three', body = 'two' where id = 2`)
	if got := pgtest.Column[string](t, conn, `select l.after[1]::text from rowcast.log l`); len(got) != 1 || !strings.Contains(got[0], `"body":"two"`) || strings.Contains(got[0], "hidden") {
		t.Errorf("the log has %v", got)
	}
}
