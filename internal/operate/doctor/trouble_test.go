package doctor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/operate/doctor"
	"rowcast/internal/test/pgtest"
	"rowcast/migrations"
)

// trouble is what is made in a migrated database, by psql or by another session,
// and what the doctor has to say of it.
type trouble struct {
	code   string
	make   []string
	undo   []string
	bounds doctor.Bounds
	status doctor.Status
	says   []string
}

// inForce is what a policy of one table needs to be in force, in a database that watches
// docs alone.
func inForce(table string) []string { return []string{settled + "tables: {" + table + "}"} }

// settled begins what execHere does by the package of policies.
const settled = "policy: "

func troubles() []trouble {
	const now = time.Nanosecond
	keep := []string{`alter function rowcast.program() rename to kept`}
	unkeep := []string{`drop function rowcast.program()`, `alter function rowcast.kept() rename to program`}
	installed := func(text string) string {
		return `create function rowcast.program() returns text language sql as $$select '` + text + `'$$`
	}
	return []trouble{
		{code: "triggers-drifted", make: []string{`alter table docs disable trigger rowcast_update`}, undo: []string{`alter table docs enable trigger rowcast_update`}, status: doctor.Fail, says: []string{"rowcast_update on docs", "rowcast migrate"}},
		{code: "capture-rights", make: []string{`revoke all on all sequences in schema rowcast from public, rowcast_capture`}, undo: []string{`select rowcast.set_up_capture()`}, status: doctor.Fail, says: []string{"rowcast_capture lacks usage on rowcast.statement", "rowcast migrate"}},
		{code: "capture-rights", make: []string{`alter function rowcast.capture() owner to postgres`}, undo: []string{`alter function rowcast.capture() owner to rowcast_capture`}, status: doctor.Warn, says: []string{"capture runs as postgres, which is a superuser"}},
		{code: "capture-rights", make: []string{`alter table docs owner to pg_monitor`}, undo: []string{`alter table docs owner to postgres`}, status: doctor.Warn, says: []string{"where a statement on docs leads to another, clients may be told to read it again", "capture may not look into tables of pg_monitor", "rowcast migrate as a superuser, or a member of that role"}},
		{code: "capture-rights", make: []string{`alter table docs enable row level security, force row level security`}, undo: []string{`alter table docs disable row level security, no force row level security`}, status: doctor.Warn, says: []string{"where a statement on docs leads to another, clients may be told to read it again", "its policies hold for whoever would look which came last"}},
		{code: "triggers-drifted", make: []string{`alter table docs enable always trigger rowcast_update`}, undo: []string{`alter table docs enable trigger rowcast_update`}, status: doctor.Warn, says: []string{"captured in full, but not as it was installed", "rowcast migrate"}},
		{code: "triggers-drifted", make: []string{`alter table docs rename to docs_old`, `create table docs (like docs_old)`}, undo: []string{`drop table docs`, `alter table docs_old rename to docs`}, status: doctor.Fail, says: []string{"docs is another table now", "rowcast migrate follows the name"}},
		{code: "triggers-drifted", make: []string{`alter function rowcast.capture() security invoker`}, undo: []string{`alter function rowcast.capture() security definer`}, status: doctor.Fail, says: []string{"function rowcast.capture() is not as it was installed", "rowcast migrate"}},
		{code: "inheritance", make: []string{`create table memos () inherits (docs)`}, undo: []string{`drop table memos`}, status: doctor.Warn, says: []string{"docs: statements that name a table which inherits from it are not captured unless that is watched, too: public.memos"}},
		{code: "inheritance", make: []string{`create foreign data wrapper nowhere`, `create server nowhere foreign data wrapper nowhere`, `create foreign table far () inherits (docs) server nowhere`}, undo: []string{`drop foreign data wrapper nowhere cascade`}, status: doctor.Fail, says: []string{"updates and deletes through it fail", "public.far", "no inherit"}},
		{code: "capture-paused", make: []string{`set application_name = 'importer'`, `select rowcast.pause('import of May')`}, undo: []string{`select rowcast.resume()`}, status: doctor.Warn, says: []string{"application importer, reason import of May", "select rowcast.resume("}},
		{code: "nothing-watched", make: []string{`update rowcast.watched set active = false`}, undo: []string{`update rowcast.watched set active = true`}, status: doctor.Warn, says: []string{"rowcast watch"}},
		{code: "tenant-nullable", make: []string{`alter table docs alter tenant_id drop not null`}, undo: []string{`alter table docs alter tenant_id set not null`}, status: doctor.Warn, says: []string{"docs.tenant_id may be null", "alter table docs alter column tenant_id set not null"}},
		{code: "tenant-unindexed", make: []string{`drop index docs_tenant`, `create index docs_other on docs (body, tenant_id)`}, undo: []string{`create index docs_tenant on docs (tenant_id)`}, status: doctor.Warn, says: []string{"no index of docs begins with tenant_id", "create index on docs (tenant_id)"}},
		{code: "tenant-spelling", make: []string{`create table numbered (id int primary key, tenant_id bigint not null)`, `create index on numbered (tenant_id)`, `select rowcast.watch('numbered')`}, undo: []string{`select rowcast.unwatch('numbered')`}, status: doctor.Warn, says: []string{"docs.tenant_id is text", "numbered.tenant_id is bigint"}},
		{code: "audience-missing", make: []string{`alter table docs add column reader text`, `select rowcast.watch('docs', audience => 'reader')`, `alter table docs rename reader to addressee`}, undo: []string{`select rowcast.watch('docs', audience => '')`, `alter table docs drop column addressee`}, status: doctor.Fail, says: []string{"docs has no column reader that is logged and says for whom a row is", "rowcast watch docs --audience <column>"}},
		{code: "audience-missing", make: []string{`alter table docs add column reader text`, `select rowcast.watch('docs', audience => 'reader')`, `alter table docs alter reader type json using to_json(reader)`}, undo: []string{`select rowcast.watch('docs', audience => '')`, `alter table docs drop column reader`}, status: doctor.Fail, says: []string{"so its rows are for nobody"}},
		{code: "not-readable", make: []string{`create role reader_$DB`, `select rowcast.grant_service('reader_$DB')`, `select rowcast.watch('docs', exclude => '{body}', readable => true)`, `alter table docs add column added int`}, undo: []string{`alter table docs drop column added`, `select rowcast.watch('docs', exclude => '{}', readable => false)`, `drop owned by reader_$DB`, `drop role reader_$DB`}, status: doctor.Fail, says: []string{"docs is opened for clients that begin, and a server cannot read its rows", " may not select added of public.docs; as its owner run: rowcast watch public.docs --readable"}},
		{code: "not-readable", make: []string{`select rowcast.watch('docs', readable => true)`, `alter table docs enable row level security`}, undo: []string{`alter table docs disable row level security`, `select rowcast.watch('docs', readable => false)`}, status: doctor.Fail, says: []string{"public.docs has row security, and no policy covers it"}},
		{code: "not-readable", make: []string{`select rowcast.watch('docs', readable => true)`}, undo: []string{`select rowcast.watch('docs', readable => false)`}, status: doctor.OK, says: []string{"1 tables are opened"}},
		{code: "policy-refused", make: []string{`select rowcast.apply_policy('tables: [')`, `select rowcast.refuse_policy(max(version), 'line 1: it is no YAML') from rowcast.policy`}, undo: []string{`select rowcast.apply_policy('x')`, `select rowcast.drop_policy()`}, status: doctor.Warn, says: []string{"of postgres was refused: line 1: it is no YAML", "rowcast policy apply <file>"}},
		{code: "policy-refused", make: []string{`select rowcast.apply_policy('tables: [')`, `update rowcast.policy set applied_at = now() - interval '1 hour' where state = 'pending'`}, undo: []string{`select rowcast.drop_policy()`}, status: doctor.Warn, says: []string{"is pending since", "no server has looked at it", "rowcast serve"}},
		{code: "policy-stale", make: append(inForce("docs: {roles: {clerk: {columns: {except: [body]}}}}"), `alter table docs add column price int`), undo: []string{`select rowcast.drop_policy()`, `alter table docs drop column price`}, status: doctor.Warn, says: []string{`tables.docs: the column "price" was added or renamed since the policy was applied`, "rowcast policy apply <file>"}},
		{code: "policy-stale", make: append(inForce("docs: {roles: {clerk: {rows: row.body == tenant}}}"), `alter table docs rename body to text`), undo: []string{`select rowcast.drop_policy()`, `alter table docs rename text to body`}, status: doctor.Fail, says: []string{"tables.docs.roles.clerk.rows: ", "the role sees nothing of the table until the policy is applied again"}},
		{code: "policy-missing", make: []string{`alter table docs enable row level security`}, undo: []string{`alter table docs disable row level security`}, status: doctor.Warn, says: []string{"row level security of docs holds for no client", "rowcast policy apply <file>"}},
		{code: "policy-missing", make: append(inForce("docs: {roles: {'*': {}}}"), `alter table docs enable row level security`), undo: []string{`select rowcast.drop_policy()`, `alter table docs disable row level security`}, status: doctor.OK, says: []string{"1 watched tables have row level security, all of them have rules"}},
		{code: "rows-wide", make: []string{`alter table docs add column scan text`, `alter table docs alter scan set storage external`, `insert into docs (id, tenant_id, scan) select n, 'T', repeat('x', 50000) from generate_series(1000, 1009) n`, `analyze docs`}, undo: []string{`alter table docs drop column scan`, `delete from docs where id >= 1000`, `vacuum full docs`, `select rowcast.seal()`}, status: doctor.Warn, says: []string{"docs: a row has about ", " kB outside of itself, in columns such as ", "rowcast watch public.docs --exclude scan"}},
		{code: "replica-role", make: []string{`alter database $DB set session_replication_role = replica`}, undo: []string{`alter database $DB reset session_replication_role`}, status: doctor.Warn, says: []string{"database test_", "reset session_replication_role"}},
		{code: "foreign-log", make: []string{`update rowcast.feed set identity = 'elsewhere'`}, undo: []string{`update rowcast.feed set identity = rowcast.identity()`}, status: doctor.Fail, says: []string{"it was written in database elsewhere", "--new-feed"}},
		{code: "schema-outdated", make: []string{`alter function rowcast.program() rename to kept`}, undo: []string{`alter function rowcast.kept() rename to program`}, status: doctor.Fail, says: []string{"older version than this program", "rowcast migrate"}},
		{code: "schema-outdated", make: append(keep, installed("version 5 functions 0123456789abcdef")), undo: unkeep, status: doctor.Fail, says: []string{"version 5, this program knows"}},
		{code: "schema-outdated", make: append(keep, installed("version 999 functions 0123456789abcdef")), undo: unkeep, status: doctor.Warn, says: []string{"has version 999", "the one that migrated the database"}},
		{code: "schema-outdated", make: append(keep, installed(fmt.Sprintf("version %d functions 0123456789abcdef", migrations.Newest()))), undo: unkeep, status: doctor.Warn, says: []string{"0123456789abcdef", "another build", "of the newer one"}},
		{code: "lock-held", make: []string{`set application_name = 'usurper'`, `select pg_advisory_lock(rowcast.lock_number('leader'))`}, undo: []string{`select pg_advisory_unlock(rowcast.lock_number('leader'))`}, status: doctor.Warn, says: []string{"lock of the leader", "application usurper", "pg_terminate_backend"}},
		{code: "no-server", undo: []string{`select pg_advisory_lock_shared(rowcast.lock_number('server'))`}, status: doctor.Warn, says: []string{"rowcast serve"}},
		{code: "seal-lag", make: []string{`insert into docs values (1, 'T')`}, bounds: doctor.Bounds{Lag: now}, undo: []string{`select rowcast.seal()`}, status: doctor.Warn, says: []string{"1 log rows are not sealed"}},
		{code: "seal-lag", make: []string{`insert into docs values (2, 'T')`}, bounds: doctor.Bounds{Lag: now, LagFail: now}, undo: []string{`select rowcast.seal()`}, status: doctor.Fail},
		{code: "seal-lock-held", make: []string{`set application_name = 'frozen'`, `begin`, `select pg_advisory_xact_lock(rowcast.lock_number('seal'))`}, bounds: doctor.Bounds{Lock: now}, undo: []string{`rollback`}, status: doctor.Fail, says: []string{"application frozen", "pg_terminate_backend"}},
		{code: "lock-held", make: []string{`begin`, `select pg_advisory_xact_lock(rowcast.lock_number('prune'))`}, bounds: doctor.Bounds{Lock: now}, undo: []string{`rollback`}, status: doctor.Warn, says: []string{"lock of the prune", "pg_terminate_backend"}},
		{code: "lock-held", make: []string{`select pg_advisory_lock(rowcast.lock_number('sleep'))`}, undo: []string{`select pg_advisory_unlock(rowcast.lock_number('sleep'))`}, status: doctor.Warn, says: []string{"lock of the sleep"}},
		{code: "lock-held", make: []string{`select pg_advisory_lock_shared(rowcast.lock_number('sleep'))`}, undo: []string{`select pg_advisory_unlock_shared(rowcast.lock_number('sleep'))`}, status: doctor.Warn, says: []string{"lock of the sleep"}},
		{code: "lock-held", make: []string{`begin`, `select pg_advisory_xact_lock(rowcast.lock_number('migration'))`, `prepare transaction 'held'`}, undo: []string{`rollback prepared 'held'`}, status: doctor.Warn, says: []string{"lock of the migration is held by a prepared transaction"}},
		{code: "lock-held", make: []string{`select pg_advisory_lock_shared(rowcast.lock_number('server'))`, `select pg_advisory_lock(rowcast.lock_number('leader'))`}, status: doctor.OK, says: []string{"nobody holds"}, undo: []string{`select pg_advisory_unlock(rowcast.lock_number('leader'))`, `select pg_advisory_unlock_shared(rowcast.lock_number('server'))`}},
		{code: "retention-behind", make: []string{`insert into docs values (3, 'T')`, `select rowcast.seal()`, `insert into docs values (4, 'T')`, `select rowcast.seal()`, `update rowcast.seal set sealed_at = now() - interval '10 days' where seal < (select max(seal) from rowcast.seal)`}, undo: []string{`update rowcast.seal set sealed_at = now()`}, status: doctor.Warn, says: []string{"rowcast prune"}},
		{code: "rotation-behind", make: []string{
			`create function pg_temp.no() returns event_trigger language plpgsql as 'begin end'`, `create event trigger no_ddl on ddl_command_start execute function pg_temp.no()`,
			`insert into docs values (6, 'T')`, `update rowcast.segment set opened_at = now() - interval '10 days' where closed_at is null`,
		}, undo: []string{`update rowcast.segment set opened_at = now() where closed_at is null`, `drop event trigger no_ddl`}, status: doctor.Warn, says: []string{"was begun 10 days ", "no_ddl (", "rowcast prune"}},
		{code: "log-published", make: []string{`create publication everything for all tables`}, undo: []string{`drop publication everything`}, status: doctor.Warn, says: []string{"publication everything carries", "for tables in schema"}},
		{code: "log-published", make: []string{`create publication part for table docs, rowcast.feed`}, undo: []string{`drop publication part`, `create publication other for table docs`}, status: doctor.Warn, says: []string{"publication part carries"}},
		{code: "log-large", bounds: doctor.Bounds{LogBytes: 1}, status: doctor.Warn, says: []string{"in 1 segments", "ROWCAST_RETENTION"}},
		{code: "transaction-old", make: []string{`set application_name = 'batch job'`, `begin`, `insert into docs values (5, 'T')`}, bounds: doctor.Bounds{Transaction: now}, undo: []string{`rollback`}, status: doctor.Warn, says: []string{"application batch job", "pg_terminate_backend"}},
		{code: "idle-in-transaction", make: []string{`set application_name = 'coffee'`, `begin`, `select 1`}, bounds: doctor.Bounds{Transaction: now}, undo: []string{`rollback`}, status: doctor.Warn, says: []string{"application coffee", "idle_in_transaction_session_timeout"}},
		{code: "prepared-old", make: []string{`begin`, `create table prepared_by_$DB ()`, `prepare transaction 'forgotten'`}, bounds: doctor.Bounds{Transaction: now}, undo: []string{`rollback prepared 'forgotten'`}, status: doctor.Warn, says: []string{"'forgotten'", "rollback prepared 'forgotten'"}},
		{code: "connections-scarce", make: []string{`alter database $DB connection limit 2`}, undo: []string{`alter database $DB connection limit -1`}, status: doctor.Fail, says: []string{"of 2 connections of database"}},
		{code: "connections-scarce", make: []string{`alter database $DB connection limit 3`}, bounds: doctor.Bounds{ConnectionsFail: 2}, undo: []string{`alter database $DB connection limit -1`}, status: doctor.Warn},
		{code: "commit-asynchronous", make: []string{`alter database $DB set synchronous_commit = off`}, undo: []string{`alter database $DB set synchronous_commit = on`}, status: doctor.Warn, says: []string{"synchronous_commit is off", "set synchronous_commit = on"}},
		{code: "server-old", bounds: doctor.Bounds{Version: 990000}, status: doctor.Fail, says: []string{"PostgreSQL 1"}},
	}
}

// TestEveryCheckIsProvoked makes each kind of trouble, and none, and counts that
// every check was found ok and not ok.
func TestEveryCheckIsProvoked(t *testing.T) {
	t.Parallel()
	found := seen{}
	t.Run("database", func(t *testing.T) {
		s := newEnv(t)
		execHere(t, s, `alter database $DB set synchronous_commit = on`)
		for _, trouble := range troubles() {
			execHere(t, s, trouble.make...)
			o := options(s)
			o.Bounds = trouble.bounds
			found.expect(t, o, trouble.code, trouble.status, trouble.says...)
			execHere(t, s, trouble.undo...)
			found.expect(t, options(s), trouble.code, doctor.OK)
		}
	})
	t.Run("server", func(t *testing.T) {
		found.expect(t, options(newEnv(t)), "durability-off", doctor.Fail, "fsync is off", "alter system set fsync = on")
		s := envOn(t, pgtest.Own(t, devpg.Options{NoTCP: true, Durable: true}).SocketDSN("postgres"))
		found.expect(t, options(s), "durability-off", doctor.OK)
		stuck := s.Connect(t)
		for _, statement := range []string{`set application_name = 'stuck'`, `listen anything`, `begin`, `select 1`} {
			if _, err := stuck.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		for range 8 {
			s.Exec(t, `select pg_notify('filler', repeat('x', 7900))`)
		}
		o := options(s)
		found.expect(t, o, "notify-queue", doctor.OK)
		o.Bounds = doctor.Bounds{Queue: 1e-9}
		found.expect(t, o, "notify-queue", doctor.Warn, "application stuck", "pg_terminate_backend")
		o.Bounds = doctor.Bounds{Queue: 1e-9, QueueFail: 1e-9}
		found.expect(t, o, "notify-queue", doctor.Fail)
	})
	t.Run("standby", func(t *testing.T) {
		pg := pgtest.Own(t, devpg.Options{NoTCP: true})
		s := envOn(t, pg.SocketDSN("postgres"))
		found.expect(t, options(s), "standby", doctor.OK)
		if err := pg.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(pg.Dir(), "data", "standby.signal"), nil, 0o644); err != nil { //nolint:gosec // read by another user
			t.Fatal(err)
		}
		if err := pg.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		found.expect(t, options(s), "standby", doctor.Fail, "is a standby", "target_session_attrs")
	})
	t.Run("role", func(t *testing.T) {
		s := newEnv(t)
		found.expect(t, options(s), "role-superuser", doctor.Warn, "superuser")
		s.Exec(t, `create role doctor_nobody login`)
		defer s.Exec(t, `drop owned by doctor_nobody`, `drop role doctor_nobody`)
		config, err := pgx.ParseConfig(s.DSN)
		if err != nil {
			t.Fatal(err)
		}
		o := options(s)
		o.DatabaseURL = "host=" + config.Host + " dbname=" + config.Database + " user=doctor_nobody"
		o.ListenDatabaseURL = o.DatabaseURL
		found.expect(t, o, "role-superuser", doctor.OK)
		found.expect(t, o, "privileges-missing", doctor.Fail, "lacks ", "insert on rowcast.tenant", "select rowcast.grant_service")
		found.expect(t, o, "triggers-drifted", doctor.Skip, "the role may not look")
		s.Exec(t, `set application_name = 'usurper'`, `begin`, `select pg_advisory_xact_lock(rowcast.lock_number('seal'))`, `select pg_advisory_xact_lock(rowcast.lock_number('prune'))`)
		found.expect(t, o, "seal-lock-held", doctor.Fail, "lock of the seal", "application usurper", "pg_terminate_backend")
		found.expect(t, o, "lock-held", doctor.Warn, "lock of the prune", "application usurper")
		s.Exec(t, `rollback`)
		found.expect(t, o, "lock-held", doctor.OK)
		for _, code := range []string{"transaction-old", "idle-in-transaction"} {
			found.expect(t, o, code, doctor.Skip, "sees only its own sessions")
		}
		// The fixes that it names are enough.
		s.Exec(t, found.look(t, o)["privileges-missing"].Fix)
		found.expect(t, o, "privileges-missing", doctor.OK)
	})
	t.Run("connections", func(t *testing.T) { connections(t, found) })
	t.Run("ends", func(t *testing.T) { ends(t, found) })
	t.Run("keys", func(t *testing.T) { keys(t, found) })
	t.Run("host", func(t *testing.T) { host(t, found) })
	if t.Failed() {
		return
	}
	for _, check := range doctor.Checks() {
		states := found[string(check.Code)]
		if check.Code != "clear-database" && (!states[doctor.OK] || !states[doctor.Warn] && !states[doctor.Fail]) {
			t.Errorf("%s was found only as %v", check.Code, states)
		}
	}
	if len(doctor.Checks()) < 25 {
		t.Errorf("%d checks", len(doctor.Checks()))
	}
}

// TestWholeDatabase has nothing to complain about where all is well.
func TestWholeDatabase(t *testing.T) {
	pg := pgtest.Own(t, devpg.Options{NoTCP: true, Durable: true})
	s := envOn(t, pg.SocketDSN("postgres"))
	s.Exec(t, `create role server login`, `select rowcast.grant_service('server')`, `select pg_advisory_lock_shared(rowcast.lock_number('server'))`,
		`insert into docs values (1, 'T')`, `select rowcast.seal()`)
	config, err := pgx.ParseConfig(s.DSN)
	if err != nil {
		t.Fatal(err)
	}
	o := options(s)
	o.DatabaseURL = "host=" + config.Host + " dbname=postgres user=server"
	o.ListenDatabaseURL = o.DatabaseURL
	o.Bounds.Files = 64
	report := doctor.Run(t.Context(), o, nil)
	for _, r := range report.Results {
		if r.Status != doctor.OK && r.Status != doctor.Skip {
			t.Errorf("%s is %s: %s", r.Code, r.Status, r.Evidence)
		}
	}
	if report.Status != doctor.OK || report.ExitCode() != 0 {
		t.Errorf("the report is %s", report.Status)
	}
}
