package triggers_test

import (
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
)

// The range is cut at its positions, also within a chunk, rows keep their order
// and every digit, and what was there before keeps its position.
func TestReplayAppendsTheRange(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs select n, 'T', '1.50' from generate_series(1, 5) n`, `insert into docs values (9, 'U', 'other')`,
		`update docs set body = 'new' where id = 2`, `delete from docs where id = 3`)
	d.seal(t)
	before := d.sealed(t)
	result := pgtest.Column[string](t, d.Conn, `select concat_ws(' ', rows, bytes, left_out) from rowcast.replay('T', 2, 7)`)
	if diff := cmp.Diff([]string{"5 189 1"}, result); diff != "" {
		t.Error(diff)
	}
	d.seal(t)
	if diff := cmp.Diff(append(before, "T 8 r", "T 9 r", "T 10 r", "T 11 r", "T 12 r"), d.sealed(t)); diff != "" {
		t.Errorf("the order (-want +got):\n%s", diff)
	}
	got := pgtest.Column[string](t, d.Conn, `select format('%s %s', s.statement_rows, l.after[1]) from rowcast.sealed s join rowcast.log l using (xid, id) where l.op = 'r' order by s.position`)
	want := []string{
		`1 {"id":2,"tenant_id":"T","body":"1.50"}`, `1 {"id":3,"tenant_id":"T","body":"1.50"}`, `1 {"id":4,"tenant_id":"T","body":"1.50"}`,
		`1 {"id":5,"tenant_id":"T","body":"1.50"}`, `1 {"id":2,"tenant_id":"T","body":"new"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the rows (-want +got):\n%s", diff)
	}
	// A replay of replays is empty, and on record.
	d.Exec(t, `select rowcast.replay('T', 8, 12)`)
	records := pgtest.Column[string](t, d.Conn, `select concat_ws(' ', tenant, from_position, to_position, rows, bytes, role) from rowcast.replay order by id`)
	if diff := cmp.Diff([]string{"T 2 7 5 189 postgres", "T 8 12 0 0 postgres"}, records); diff != "" {
		t.Error(diff)
	}
}

func TestReplayIsBounded(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs select n, 'T', 'one' from generate_series(1, 20) n`)
	d.seal(t)
	d.Exec(t, `insert into docs values (21, 'T', 'two')`)
	d.seal(t)
	d.Exec(t, `insert into docs values (22, 'T', 'three')`)
	d.seal(t)
	for _, test := range []struct{ statement, want string }{
		{`select rowcast.replay('nobody', 1, 1)`, "the feed does not know tenant 'nobody'"},
		{`select rowcast.replay(null, 1, 1)`, "the feed does not know tenant NULL"},
		{`select rowcast.replay('T', 3, 2)`, "there are no positions from 3 to 2"},
		{`select rowcast.replay('T', 0, 2)`, "there are no positions from 0 to 2"},
		{`select rowcast.replay('T', 1, null)`, "there are no positions from 1 to <NULL>"},
		{`select rowcast.replay('T', 22, 23)`, "tenant 'T' has no position 23"},
		{`select rowcast.replay('T', 1, 20, max_rows => 19)`, "20 positions are more than 19"},
		{`select rowcast.replay('T', 1, 20, max_bytes => 100)`, "the rows of the positions from 1 to 20 have more than 100 bytes"},
	} {
		if err := refused(t, d.Conn, test.statement); err.Message != test.want || err.Hint == "" {
			t.Errorf("%s: %s, hint %q; want %s", test.statement, err.Message, err.Hint, test.want)
		}
	}
	d.Exec(t, `select rowcast.replay('T', 1, 20, max_rows => 20)`, `delete from rowcast.log_active where op = 'r'`, `select rowcast.prune('0', 1)`)
	if err := refused(t, d.Conn, `select rowcast.replay('T', 20, 21)`); err.Message != "position 20 of tenant 'T' was pruned" || !strings.HasSuffix(err.Hint, "position 21.") {
		t.Errorf("a pruned position: %v, hint %q", err, err.Hint)
	}
	if n := pgtest.Query[int](t, d.Conn, `select count(*)::int from rowcast.log where op = 'r'`); n != 0 {
		t.Errorf("refused replays left %d rows", n)
	}
	if n := pgtest.Query[int](t, d.Conn, `select count(*)::int from rowcast.replay`); n != 1 {
		t.Errorf("%d replays are on record; want the one that was done", n)
	}
}

func TestReplayNotifies(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs values (1, 'T', 'one')`)
	d.seal(t)
	sleeper := d.Connect(t)
	pgtest.Exec(t, sleeper, `listen rowcast`, `select pg_advisory_lock(rowcast.lock_number('sleep'))`)
	d.Exec(t, `select rowcast.replay('T', 1, 1)`)
	n, err := sleeper.WaitForNotification(t.Context())
	if err != nil || n.Payload != `{"n": 1, "v": 1, "op": "replay", "table": "docs", "tenant_id": "T"}` {
		t.Errorf("the notification says %+v, %v", n, err)
	}
}
