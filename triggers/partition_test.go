package triggers_test

import (
	"testing"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// partitioned has two partitions whose columns have other numbers than those
// of the parent.
var partitioned = []string{
	`create table events (gone int, id int, secret text, tenant_id text, day int, primary key (id, day)) partition by range (day)`,
	`alter table events drop column gone`,
	`create table events_1 partition of events for values from (0) to (10)`,
	`create table events_2 (tenant_id text, junk int, day int not null, secret text, id int not null)`,
	`alter table events_2 drop column junk`,
	`alter table events attach partition events_2 for values from (10) to (20)`,
	`select rowcast.watch('events', exclude => '{secret}')`,
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, partitioned...)
	d.Exec(t,
		`insert into events values (1, 's', 'T', 1), (2, 's', 'T', 11)`, // via the parent
		`insert into events_2 (id, tenant_id, day) values (3, 'T', 12)`, // directly
		`update events set day = 13 where id = 1`,                       // to another partition
		`update events_2 set tenant_id = 'U' where id = 3`,
		`update events set secret = 'x'`,
		`delete from events`,
		`insert into events_1 (id, tenant_id, day) values (4, 'T', 1)`,
		`truncate events_1`,
		`insert into events_1 (id, tenant_id, day) values (4, 'T', 1)`,
		`truncate events`)
	d.wantLog(t,
		`i T (1,T,1)(2,T,11)`,
		`i T (T,12,3)`,
		`u T (1,T,13)<(1,T,1)`,
		`d T <(T,12,3)`, `i U (U,12,3)`,
		`d T <(2,T,11)(1,T,13)`, `d U <(3,U,12)`,
		`i T (4,T,1)`, `t of a partition`, `i T (4,T,1)`, `t`)
	d.wantSealed(t, "T 1-2 i", "T 3 i", "T 4 u", "T 5 d", "U 1 i", "T 6-7 d", "U 2 d", "T 8 i", "T 9 t", "U 3 t", "T 10 i", "T 11 t", "U 4 t")
}

// Logical replication writes to partitions and fires row triggers.
func TestPartitionsReplicated(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, append(partitioned,
		`create table events_3 partition of events for values from (20) to (30)`, `set session_replication_role = replica`)...)
	d.Exec(t,
		`insert into events values (1, 's', 'T', 1), (2, 's', 'T', 11), (3, 's', 'T', 21)`,
		`update events set secret = 'x'`,
		`update events_2 set tenant_id = 'U'`,
		`delete from events_3`,
		`truncate events`)
	d.wantLog(t, `i T (1,T,1)`, `i T (T,11,2)`, `i T (3,T,21)`, `d T <(T,11,2)`, `i U (U,11,2)`, `d T <(3,T,21)`, `t`)
	d.wantSealed(t, "T 1 i", "T 2 i", "T 3 i", "T 4 d", "U 1 i", "T 5 d", "T 6 t", "U 2 t")
}

func TestPartitionAttachedAndDetachedLater(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, partitioned...)
	d.Exec(t,
		`create table events_3 partition of events for values from (20) to (30)`,
		`create table events_4 (day int not null, tenant_id text, id int not null, secret text)`,
		`alter table events attach partition events_4 for values from (30) to (40)`)
	if made := pgtest.Query[int](t, d.Conn, `select rowcast.install_triggers(w.id) from rowcast.watched w where name = 'events'`); made != 16 {
		t.Errorf("%d triggers were made on two new partitions; want 16", made)
	}
	if made := pgtest.Query[int](t, d.Conn, `select rowcast.install_triggers(w.id) from rowcast.watched w where name = 'events'`); made != 0 {
		t.Errorf("%d triggers were made again", made)
	}
	d.Exec(t, `insert into events_3 values (1, 's', 'T', 21)`, `insert into events_4 (id, tenant_id, day) values (2, 'T', 31)`)
	d.wantLog(t, `i T (1,T,21)`, `i T (31,T,2)`)
	d.Exec(t, `alter table events detach partition events_4`, `truncate events_4`)
	d.wantLog(t, `i T (1,T,21)`, `i T (31,T,2)`)
	steps, err := (&postgres.Migrator{URL: d.DSN, Log: logger(t)}).Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) == 0 || steps[len(steps)-1] != (postgres.Step{What: "table events", Did: "repaired: 8 triggers"}) {
		t.Errorf("steps are %v", steps)
	}
	d.Exec(t, `insert into events_4 (id, tenant_id, day) values (3, 'T', 31)`, `insert into events_3 values (4, 's', 'T', 21)`)
	d.wantLog(t, `i T (1,T,21)`, `i T (31,T,2)`, `i T (4,T,21)`)
	if left := pgtest.Query[int](t, d.Conn, `select count(*) from pg_trigger where tgrelid = 'events_4'::regclass`); left != 0 {
		t.Errorf("the detached partition has %d triggers", left)
	}
}

// A child in the sense of inherits is a table of its own: a write that names
// it is not captured, a write to the parent that reaches it is.
func TestInheritance(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `create table memos (extra int) inherits (docs)`)
	d.Exec(t,
		`insert into memos values (1, 'T', 'memo', 7)`,
		`insert into docs values (2, 'T', 'doc')`,
		`update docs set body = upper(body)`,
		`update memos set body = 'silent'`,
		`delete from docs`)
	d.wantLog(t, `i T (2,T,doc)`, `u T (2,T,DOC)(1,T,MEMO)<(2,T,doc)(1,T,memo)`, `d T <(2,T,DOC)(1,T,silent)`)
	d.wantSealed(t, "T 1 i", "T 2-3 u", "T 4-5 d")
}

// What the row trigger of a partition knows follows that of the table; where
// it was disabled it is enabled again.
func TestRowTriggersOfPartitionsFollow(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, partitioned...)
	d.Exec(t, `select rowcast.watch('events', exclude => '{}')`)
	install := func() int {
		t.Helper()
		return pgtest.Query[int](t, d.Conn, `select rowcast.install_triggers(w.id) from rowcast.watched w where name = 'events' and active`)
	}
	if made := install(); made != 0 {
		t.Errorf("%d triggers were made again", made)
	}
	d.Exec(t, `alter table events_1 disable trigger all`)
	if made := install(); made != 9 {
		t.Errorf("%d triggers of a partition were repaired; want 9", made)
	}
	d.Exec(t, `set session_replication_role = replica`, `insert into events values (1, 's', 'T', 1)`)
	d.wantLog(t, `i T (1,s,T,1)`)
}
