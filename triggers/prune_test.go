package triggers_test

import (
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
)

func TestPrune(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs values (1, 'T', 'one'), (2, 'T', 'two'), (3, 'U', 'three')`, `truncate docs`)
	d.seal(t)
	d.Exec(t, `insert into docs values (4, 'T', 'four')`)
	d.seal(t)
	d.rotate(t, true)
	d.Exec(t, `insert into docs values (5, 'V', 'five')`)
	d.seal(t)
	straggler := d.Connect(t)
	pgtest.Exec(t, straggler, `begin`, `insert into docs values (6, 'W', 'six')`)
	d.Exec(t, `insert into docs values (7, 'T', 'not sealed')`, `update rowcast.log set at = 'yesterday'`)
	nonce := func(seal int) int64 {
		t.Helper()
		return pgtest.Query[int64](t, d.Conn, `select nonce from rowcast.seal where seal = $1`, seal)
	}
	first, third := nonce(1), nonce(3)
	if n := pgtest.Query[int64](t, d.Conn, `select rowcast.prune('1 hour')`); n != 0 {
		t.Errorf("%d places were pruned, none is old", n)
	}
	d.Exec(t, `update rowcast.seal set sealed_at = 'yesterday' where seal <= 1`)
	if n := pgtest.Query[int64](t, d.Conn, `select rowcast.prune('1 hour')`); n != 4 {
		t.Errorf("%d places were pruned; want 4", n)
	}
	if n := pgtest.Query[int64](t, d.Conn, `select rowcast.prune('1 hour')`); n != 0 {
		t.Errorf("%d places were pruned again", n)
	}
	// The segment is emptied once all of it is pruned.
	if n := pgtest.Query[int](t, d.Conn, `select rowcast.empty_segments()`); n != 0 {
		t.Errorf("%d segments were emptied that hold what is kept", n)
	}
	floors := func(want map[string][2]int64) {
		t.Helper()
		got := map[string][2]int64{}
		for _, tenant := range pgtest.Column[string](t, d.Conn, `select tenant from rowcast.tenant`) {
			got[tenant] = [2]int64{
				pgtest.Query[int64](t, d.Conn, `select floor from rowcast.tenant where tenant = $1`, tenant),
				pgtest.Query[int64](t, d.Conn, `select floor_nonce from rowcast.tenant where tenant = $1`, tenant),
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("floors differ (-want +got):\n%s", diff)
		}
	}
	floors(map[string][2]int64{"T": {3, first}, "U": {2, first}, "V": {0, 0}})
	// Everything is old: the head stays, and so does what is not sealed.
	d.Exec(t, `update rowcast.seal set sealed_at = 'yesterday'`)
	second := nonce(2)
	for pgtest.Query[int64](t, d.Conn, `select rowcast.prune('1 hour')`) > 0 {
	}
	if n := pgtest.Query[int](t, d.Conn, `select rowcast.empty_segments()`); n != 1 {
		t.Errorf("%d segments were emptied; want 1", n)
	}
	d.wantLog(t, `i V (5,V,five)`, `i T (7,T,not sealed)`)
	floors(map[string][2]int64{"T": {4, second}, "U": {2, first}, "V": {0, 0}})
	if got := nonce(3); got != third || pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.seal`) != 1 {
		t.Error("the head did not stay alone")
	}
	// Positions go on behind the floor.
	pgtest.Exec(t, straggler, `commit`)
	d.Exec(t, `insert into docs values (8, 'U', 'eight')`)
	d.wantSealed(t, "V 1 i", "W 1 i", "T 5 i", "U 3 i")
}

// A batch bounds how much goes at a time; a seal that is larger goes whole.
func TestPruneInBatches(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	for range 6 {
		d.Exec(t, `insert into docs select (random() * 1e9)::int, 'T' || n, '' from generate_series(1, 10) n`)
		d.seal(t)
	}
	var pruned []int64
	for {
		n := pgtest.Query[int64](t, d.Conn, `select rowcast.prune('0', $1)`, 25)
		if n == 0 {
			break
		}
		pruned = append(pruned, n)
	}
	if diff := cmp.Diff([]int64{20, 20, 10}, pruned); diff != "" {
		t.Errorf("pruned (-want +got):\n%s", diff)
	}
	for range 2 {
		d.Exec(t, `insert into docs select (random() * 1e9)::int, 'T' || n, '' from generate_series(1, 10) n`)
		d.seal(t)
	}
	if n := pgtest.Query[int64](t, d.Conn, `select rowcast.prune('0', 1)`); n != 10 {
		t.Errorf("%d places of a large seal were pruned; want 10", n)
	}
	other := d.Connect(t)
	pgtest.Exec(t, other, `begin`, `select rowcast.prune('0', 1)`)
	if n := pgtest.Query[int64](t, d.Conn, `select rowcast.prune('0', 1)`); n != 0 {
		t.Errorf("%d places were pruned beside another", n)
	}
}
