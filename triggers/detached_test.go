package triggers_test

import (
	"testing"

	"rowcast/internal/test/pgtest"
)

// A partition that was detached is none of the table's any more, whatever writes to
// it, and so are its own partitions; attached again, it is.
func TestDetachedPartitionIsSilent(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `delete from rowcast.log`,
		`create table tree (id int primary key, tenant_id text) partition by range (id)`,
		`create table leaf partition of tree for values from (0) to (100)`,
		`create table branch partition of tree for values from (100) to (200) partition by range (id)`,
		`create table twig partition of branch for values from (100) to (200)`,
		`select rowcast.watch('tree')`)
	write := func(base string) {
		t.Helper()
		for _, role := range []string{"origin", "replica"} {
			d.Exec(t, `set session_replication_role = `+role)
			for table, id := range map[string]string{"leaf": "1", "twig": "101", "branch": "151"} {
				d.Exec(t, `insert into `+table+` values (`+id+base+`, 'T')`, `insert into `+table+` select `+id+base+` + g, 'T' from generate_series(1, 9) g`,
					`update `+table+` set tenant_id = 'U'`, `delete from `+table, `truncate `+table)
			}
		}
		d.Exec(t, `reset session_replication_role`)
	}
	write("")
	if n := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.log`); n == 0 {
		t.Error("partitions are not captured")
	}
	d.Exec(t, `alter table tree detach partition leaf`, `alter table tree detach partition branch`, `delete from rowcast.log`)
	write("")
	d.wantLog(t)
	d.Exec(t, `alter table tree attach partition leaf for values from (0) to (100)`, `insert into leaf values (1, 'T')`, `delete from leaf`)
	d.wantLog(t, `i T (1,T)`, `d T <(1,T)`)
	d.Exec(t, `delete from rowcast.log`, `alter table tree detach partition leaf`, `select rowcast.install_triggers(id) from rowcast.watched where name = 'tree'`)
	if n := pgtest.Query[int](t, d.Conn, `select count(*) from pg_trigger where tgrelid in ('leaf'::regclass, 'twig'::regclass)`); n != 0 {
		t.Errorf("detached partitions have %d triggers", n)
	}
	// What was detached can be watched by itself.
	d.Exec(t, `select rowcast.watch('leaf')`, `insert into leaf values (1, 'T')`)
	d.wantLog(t, `i T (1,T)`)
}
