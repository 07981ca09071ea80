package triggers_test

import (
	"testing"

	"rowcast/triggers"
)

func TestLockNumbers(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	names, numbers := triggers.Locks()
	for i, name := range names {
		if got := query[int64](t, d.Conn, `select rowcast.lock_number($1)`, name); got != numbers[i] {
			t.Errorf("the lock of the %s is %d in SQL, and %d in Go", name, got, numbers[i])
		}
		d.exec(t, `begin`)
		if got := query[int](t, d.Conn, `select count(*) from (select pg_advisory_xact_lock($1)) l cross join lateral (select from rowcast.lock_holders() h
			where h.lock = $2 and h.pid = pg_backend_pid() and h.granted and h.mode = 'ExclusiveLock') h`, numbers[i], name); got != 1 {
			t.Errorf("%d sessions hold the lock of the %s", got, name)
		}
		d.exec(t, `commit`)
	}
}
