package work_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/work"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestLedgerIsWhatTheLogHas kills sessions of writers and compares what they noted
// with the log of the triggers.
func TestLedgerIsWhatTheLogHas(t *testing.T) {
	t.Parallel()
	const writers, steps = 4, 80
	e := pgtest.Migrated(t, work.TxRows, `create table docs (id int primary key, tenant_id text, version int, body text)`, `select rowcast.watch('docs')`)
	ledger := work.NewLedger(new(atomic.Int64))
	tenants := []string{"T", "U", "V"}
	_, err := ledger.Beside(t.Context(), e.Conn, func(w *work.Writer) error {
		return w.Each(t.Context(), '+', "insert into docs select n, 'T', 1 from generate_series(1, $1::int) n", work.HotRows)
	})
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	var killing, writing sync.WaitGroup
	killer := e.Connect(t)
	killing.Go(func() {
		for kills := 1; ctx.Err() == nil; time.Sleep(time.Millisecond) {
			if ledger.Committed() < 5*kills {
				continue
			}
			_, _ = killer.Exec(ctx, `select pg_terminate_backend(pid) from pg_stat_activity
				where datname = current_database() and application_name = 'writer ' || $1::int`, kills%writers)
			kills++
		}
	})
	for n := range writers {
		w := &work.Writer{
			Number: n, URL: e.DSN, Table: "docs", Tenants: tenants, Ledger: ledger, Rand: rand.New(rand.NewPCG(rand.Uint64(), 1)), Every: true,
		}
		writing.Go(func() {
			defer w.HangUp()
			for range steps {
				_ = w.Step(ctx) // a session may be killed before it has begun
			}
		})
	}
	writing.Wait()
	stop()
	killing.Wait()
	if err := ledger.Resolve(t.Context(), e.Conn); err != nil {
		t.Fatal(err)
	}
	t.Log(ledger.Counts())

	rows, err := e.Conn.Query(t.Context(), `
		select l.tenant, l.xid::text::bigint, ascii(translate(l.op::text, 'iud', '+~-')), (r.row ->> 'id')::bigint, (r.row ->> 'version')::int
		  from rowcast.log l cross join lateral unnest(l.after, l.before) u (after, before)
		 cross join lateral (select coalesce(u.after, u.before)) r (row)`)
	if err != nil {
		t.Fatal(err)
	}
	left := map[work.Change]int{}
	var f work.Change
	_, err = pgx.ForEachRow(rows, []any{&f.Tenant, &f.Tx, &f.Op, &f.ID, &f.Version}, func() error {
		left[f]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	changes, _ := ledger.Changes()
	for _, f := range changes {
		left[f]--
	}
	for f, n := range left {
		if n != 0 {
			t.Errorf("the log has %s %+d times more than the ledger", f, n)
		}
	}
	if len(changes) < steps {
		t.Errorf("%d changes by %d transactions", len(changes), writers*steps)
	}
}
