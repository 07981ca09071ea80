package triggers_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rowcast/internal/test/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestSealFollowsCommits(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	straggler, aborted, prepared := d.Connect(t), d.Connect(t), d.Connect(t)
	pgtest.Exec(t, straggler, `begin`, `insert into docs values (1, 'S', 'straggler')`)
	pgtest.Exec(t, aborted, `begin`, `insert into docs values (2, 'A', 'aborted')`)
	pgtest.Exec(t, prepared, `begin`, `insert into docs values (3, 'P', 'prepared')`, `prepare transaction 'rowcast-seal-1'`)
	d.Exec(t, `insert into docs values (4, 'T', 'four')`)
	d.wantSealed(t, "T 1 i")
	d.Exec(t, `insert into docs values (5, 'T', 'five')`)
	d.wantSealed(t, "T 1 i", "T 2 i")
	pgtest.Exec(t, aborted, `rollback`)
	pgtest.Exec(t, straggler, `update docs set body = 'x' where id = 4`)
	d.wantSealed(t, "T 1 i", "T 2 i")
	pgtest.Exec(t, straggler, `commit`)
	d.wantSealed(t, "T 1 i", "T 2 i", "S 1 i", "T 3 u")
	d.Exec(t, `insert into docs values (6, 'T', 'six')`)
	pgtest.Exec(t, prepared, `commit prepared 'rowcast-seal-1'`)
	// It drew its number first.
	d.wantSealed(t, "T 1 i", "T 2 i", "S 1 i", "T 3 u", "P 1 i", "T 4 i")
}

// The newest transaction that runs is beyond the snapshot of a seal, not in
// it. The one that began last commits after the seal.
func TestSealDoesNotPassTheNewestTransaction(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	newest := d.Connect(t)
	d.Exec(t, `begin`, `insert into docs values (1, 'T', 'one')`)
	pgtest.Exec(t, newest, `begin`, `insert into docs values (2, 'T', 'two')`)
	d.Exec(t, `commit`)
	d.wantSealedRows(t, `T 1 i (1,T,one)`)
	pgtest.Exec(t, newest, `commit`)
	d.wantSealedRows(t, `T 1 i (1,T,one)`, `T 2 i (2,T,two)`)
}

// In one seal the last number that a transaction drew decides, so that the
// order never contradicts a row lock: neither the transaction identifiers nor
// the first numbers would do.
func TestSealOrdersByLastChange(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs values (1, 'T', 'zero')`)
	d.seal(t)
	first := d.Connect(t)
	pgtest.Exec(t, first, `begin`, `insert into docs values (2, 'T', 'early')`)
	d.Exec(t, `update docs set body = 'FIRST' where id = 1`)
	pgtest.Exec(t, first, `update docs set body = 'SECOND' where id = 1`, `commit`)
	d.wantSealedRows(t, `T 1 i (1,T,zero)`, `T 2 u (1,T,FIRST)`, `T 3 i (2,T,early)`, `T 4 u (1,T,SECOND)`)
}

func TestSealAgainWritesNothing(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs values (1, 'T', 'one'), (2, 'T', 'two')`)
	sequence := d.seal(t)
	d.Exec(t, `begin`)
	for range 3 {
		if again := d.seal(t); again != sequence {
			t.Errorf("sealed to sequence %d; want %d", again, sequence)
		}
	}
	if wrote := pgtest.Query[bool](t, d.Conn, `select pg_current_xact_id_if_assigned() is not null`); wrote {
		t.Error("a seal without news wrote")
	}
	d.Exec(t, `commit`)
	if n := pgtest.Query[int](t, d.Conn, `select count(*) from rowcast.seal`); n != 2 {
		t.Errorf("%d seals; want the first and one", n)
	}
	if sequence != 1 || pgtest.Query[int64](t, d.Conn, `select place from rowcast.seal order by seal desc limit 1`) != 1 {
		t.Errorf("the head is sequence %d; want 1", sequence)
	}
}

func TestOneSealsAtATime(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs values (1, 'T', 'one')`)
	other := d.Connect(t)
	pgtest.Exec(t, other, `begin`)
	if sequence := pgtest.Query[*int64](t, other, `select rowcast.seal()`); sequence == nil || *sequence != 1 {
		t.Fatalf("the first seal returned %v", sequence)
	}
	if sequence := pgtest.Query[*int64](t, d.Conn, `select rowcast.seal()`); sequence != nil {
		t.Errorf("a seal beside another returned %d", *sequence)
	}
	pgtest.Exec(t, other, `rollback`)
	d.wantSealed(t, "T 1 i")
}

// Writers, stragglers, rollbacks and sealers at once: each committed row
// change gets one position, dense within its tenant, each row's versions in
// the order they had.
func TestSealUnderConcurrency(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs select n, 'T' || n % 3, '0' from generate_series(1, 6) n`)
	const writers, transactions = 5, 60
	var work, seals sync.WaitGroup
	var sealed atomic.Int64 // how often seal has returned
	stop := make(chan struct{})
	for w := range writers {
		conn := d.Connect(t)
		work.Go(func() {
			for n := range transactions {
				if n == transactions/3 || n == 2*transactions/3 { // what was written is sealed before it goes on
					for had := sealed.Load(); sealed.Load() < had+3 && !t.Failed(); {
						time.Sleep(time.Millisecond)
					}
				}
				statements := []string{`begin`}
				for i := range 1 + (w+n)%3 {
					statements = append(statements, fmt.Sprintf(`update docs set body = body::int + 1 where id = %d`, 1+(w+n+i)%6))
					if n%5 == 0 {
						break // one row at a time, in no fixed order: no deadlock
					}
					if 1+(w+n+i)%6 == 6 {
						break
					}
				}
				end := `commit`
				if n%7 == 0 {
					end = `rollback`
				}
				for _, s := range append(statements, end) {
					if _, err := conn.Exec(t.Context(), s); err != nil {
						t.Errorf("%s: %v", s, err)
						return
					}
				}
			}
		})
	}
	for range 2 {
		conn := d.Connect(t)
		seals.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := conn.Exec(t.Context(), `select rowcast.seal()`); err != nil {
					t.Errorf("seal: %v", err)
					return
				}
				sealed.Add(1)
			}
		})
	}
	work.Wait()
	close(stop)
	seals.Wait()
	d.seal(t)
	for name, statement := range map[string]string{
		"log rows without a place": `select count(*) from rowcast.log l where not exists (select from rowcast.sealed s where s.xid = l.xid and s.id = l.id)`,
		"gaps in the places":       `select count(*) from (select place - lag(place, 1, 0::bigint) over (order by place) as d from rowcast.sealed) x where d <> 1`,
		"gaps in the positions":    `select count(*) from (select position - rows - lag(position, 1, 0::bigint) over (partition by tenant order by place) as d from rowcast.sealed) x where d <> 0`,
		"versions out of order": `
			select count(*) from (
			       select (a ->> 'body')::int - lag((a ->> 'body')::int) over (partition by a ->> 'id' order by place) as d
			         from rowcast.sealed join rowcast.log l using (xid, id), unnest(l.after) a) x where d <> 1`,
		"transactions torn apart": `
			select count(*) from (select xid, max(place) - min(place) + 1 - count(*) as d from rowcast.sealed group by xid) x where d <> 0`,
	} {
		if n := pgtest.Query[int](t, d.Conn, statement); n != 0 {
			t.Errorf("%d %s", n, name)
		}
	}
	if n, total := pgtest.Query[int](t, d.Conn, `select max(seal) from rowcast.seal`), pgtest.Query[int](t, d.Conn, `select count(distinct xid) from rowcast.sealed`); n < 3 || total < writers*transactions/2 {
		t.Errorf("%d seals of %d transactions prove nothing", n, total)
	}
}

func TestSealRefusesItsOwnWriter(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	err := pgx.BeginFunc(t.Context(), d.Conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `insert into docs values (1, 'T')`); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `select rowcast.seal()`)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "25001" || pg.Hint == "" {
		t.Errorf("sealing in the transaction of a writer: %v", err)
	}
}
