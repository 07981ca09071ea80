package faults_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"rowcast/internal/test/work"

	"github.com/jackc/pgx/v5"
)

// has says whether each client of a tenant has received something of a
// transaction.
func (tr *run) has(tx uint64, tenant string) (all, some bool) {
	all = true
	for _, c := range tr.clients {
		c.all(func(s *stream) bool {
			if s == c.streams[tenant] {
				got := slices.ContainsFunc(s.got, func(d delivery) bool { return d.change.Tx == tx })
				all, some = all && got, some || got
			}
			return true
		})
	}
	return all, some
}

// TestOpenTransactionDelaysNobody keeps a transaction open that has written to
// a watched table. What others commit meanwhile arrives as fast as before, and
// its own change once it commits.
func TestOpenTransactionDelaysNobody(t *testing.T) {
	t.Parallel()
	open := 3 * time.Second
	if long() {
		open = time.Minute
	}
	s := newDatabase(t, nil)
	n := seed(t)
	p := newProbe(10*time.Millisecond, tenants...)
	tr := begin(t, plan{database: s, seed: n, servers: []*server{s.serve(t), s.serve(t)}, pause: 40 * time.Millisecond, hoppers: 3, stayers: 6, probe: p})
	tr.moves(t, 20)
	began := time.Now()
	tr.moves(t, 100)
	var opened, closed time.Time
	var own time.Duration
	s.as(t, "straggler", func(ctx context.Context, conn *pgx.Conn) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), open+timeout)
		defer cancel()
		var tx uint64
		rounds := 0
		d := tr.commit(ctx, t, conn, func(w *work.Writer) error {
			id := tr.ledger.NextIDs(1)
			if err := w.Each(ctx, '+', "insert into hot values ($1, 'acme', 1)", id); err != nil {
				return err
			}
			if err := conn.QueryRow(ctx, "select pg_current_xact_id()::text::bigint").Scan(&tx); err != nil {
				return err
			}
			for opened = time.Now(); time.Since(opened) < open; rounds++ {
				tr.resumes(t)
			}
			closed = time.Now()
			if _, some := tr.has(tx, "acme"); some {
				t.Error("a client has what is not committed")
			}
			return nil
		})
		own = eventually(t, "client that has the change of the transaction", timeout, func() bool { all, _ := tr.has(d.Tx, "acme"); return all })
		t.Logf("open for %s, every client received more of each tenant %d times meanwhile; everybody had its own change %s after the commit",
			closed.Sub(opened).Round(time.Millisecond), rounds, own.Round(time.Millisecond))
	})
	tr.end(t)
	without, commits := p.between(t, began, opened)
	with, commitsWith := p.between(t, opened, closed)
	t.Logf("events of others without: %s; with: %s (%.1f times the p99); commits without: %s; with: %s",
		without, with, float64(with.p99)/float64(without.p99), commits, commitsWith)
	if with.p99 > 10*without.p99+2*time.Second {
		t.Errorf("the events of others take %s; want about %s", with.p99, without.p99)
	}
}
