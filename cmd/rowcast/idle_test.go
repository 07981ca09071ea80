package main

import (
	"testing"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
)

// TestIdleServersWriteNothing lets two servers make hundreds of questions, for
// clients that wait and that come again. None takes the number of a transaction,
// none writes to the log of PostgreSQL.
func TestIdleServersWriteNothing(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{NoTCP: true, Settings: map[string]string{
		"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0", "checkpoint_timeout": "1d", // what PostgreSQL writes by itself
	}})
	s := seeded(t, pg.SocketDSN("postgres"))
	var servers []running
	for range 2 {
		r := start(t, s, "ROWCAST_RETENTION=2s")
		join(t, r.url, inventory.AcmeID, "")
		servers = append(servers, r)
	}
	watcher := pgtest.Connect(t, pg.SocketDSN("template1"))
	type state struct {
		asked   int64
		next    string
		written string
	}
	look := func() (now state) {
		t.Helper()
		// A snapshot takes no number, unlike pg_current_xact_id.
		err := watcher.QueryRow(t.Context(), `select d.xact_commit + d.xact_rollback, pg_snapshot_xmax(pg_current_snapshot())::text, pg_current_wal_insert_lsn()::text
			from pg_stat_database d where d.datname = 'postgres'`).Scan(&now.asked, &now.next, &now.written)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	const questions = 150
	after := func(start state) state {
		t.Helper()
		return eventually(t, "questions of the servers", look, func(now state) bool { return now.asked >= start.asked+questions })
	}
	// The servers have found each other, and forget what is old.
	s.Exec(t, `update orders set customer = 'early'`)
	await(t, s, `select sum(rows) >= 2 from rowcast.sealed`)
	s.Exec(t, `update orders set customer = 'late'`)
	await(t, s, `select not exists (select from rowcast.log_active) and (select max(floor) > 0 from rowcast.tenant)`)
	start := after(look())
	for _, r := range servers {
		join(t, r.url, inventory.AcmeID, "")
	}
	end := after(start)
	if end.next != start.next {
		t.Errorf("%d idle transactions took numbers: %s became %s", end.asked-start.asked, start.next, end.next)
	}
	// Whoever reads a page for the first time clears it of what was deleted.
	for range 3 {
		if end.written == start.written {
			break
		}
		start, end = end, after(end)
	}
	t.Logf("%d transactions: %s to %s, %s to %s", end.asked-start.asked, start.next, end.next, start.written, end.written)
	if end != (state{end.asked, start.next, start.written}) {
		t.Errorf("%d idle transactions wrote: %+v became %+v", end.asked-start.asked, start, end)
	}
}
