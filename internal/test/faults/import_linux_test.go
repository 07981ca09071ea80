package faults_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/procfs"

	"rowcast/internal/test/servetest"
	"rowcast/internal/test/work"
)

// memory is the most that the process of a server had resident, in bytes.
func (r *server) memory(t *testing.T) uint64 {
	t.Helper()
	p, err := procfs.NewProc(r.PID())
	if err != nil {
		t.Fatal(err)
	}
	status, err := p.NewStatus()
	if err != nil {
		t.Fatal(err)
	}
	return status.VmHWM
}

// TestImportBesideSmallWriters copies very many rows into a watched table in
// one transaction. Every client gets it as one bulk event, the events of small
// writers arrive while half of it is copied, and the server stays small.
func TestImportBesideSmallWriters(t *testing.T) {
	t.Parallel()
	const most = 200 << 20
	rows, calm := 100_000, 2*time.Second
	if long() {
		rows, calm = 1_000_000, 10*time.Second
	}
	s := newDatabase(t, nil)
	r := s.serve(t)
	n := seed(t)
	p := newProbe(10*time.Millisecond, tenants...)
	tr := begin(t, plan{database: s, seed: n, servers: []*server{r}, writers: 2, pause: 100 * time.Millisecond, hoppers: 3, stayers: 6, probe: p})
	tr.moves(t, 20)
	quiet := time.Now()
	eventually(t, "calm", timeout, func() bool { return time.Since(quiet) > calm })
	began := time.Now()
	var copied, arrived time.Duration
	s.as(t, "import", func(ctx context.Context, conn *pgx.Conn) {
		first := tr.ledger.NextIDs(rows) - int64(rows) + 1
		d := tr.commit(ctx, t, conn, func(*work.Writer) error {
			half, on, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			go func() {
				_, err := conn.CopyFrom(ctx, pgx.Identifier{"hot"}, []string{"id", "tenant_id", "version", "body"},
					pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
						if i == rows/2 {
							close(half)
							<-on
						}
						return []any{int32(first) + int32(i), "acme", int32(1), "a row of an import"}, nil
					}))
				done <- err
			}()
			defer close(on)
			select {
			case <-half:
				tr.resumes(t)
			case err := <-done:
				return err
			}
			on <- struct{}{}
			return <-done
		})
		copied = time.Since(began)
		eventually(t, "client that has the bulk event", timeout, func() bool { all, _ := tr.has(d.Tx, "acme"); return all })
		arrived = time.Since(began) - copied
		defer checkBulk(t, tr, d.Tx, int64(rows))
	})
	tr.resumes(t)
	ended := time.Now()
	tr.end(t)
	without, commits := p.between(t, quiet, began)
	with, commitsWith := p.between(t, began, ended)
	used := r.memory(t)
	t.Logf("%d rows copied in %s, the bulk event was everywhere %s later; the server had at most %d MB",
		rows, copied.Round(time.Millisecond), arrived.Round(time.Millisecond), used>>20)
	t.Logf("events of others without: %s; with: %s (%.1f times the p99); commits without: %s; with: %s",
		without, with, float64(with.p99)/float64(without.p99), commits, commitsWith)
	// If somebody waited for the import, it would be for seconds.
	if with.p99 > 10*without.p99+2*time.Second {
		t.Errorf("the events of others take %s; want about %s", with.p99, without.p99)
	}
	if used > most && !servetest.RaceDetector {
		t.Errorf("the server had %d MB; want %d MB", used>>20, most>>20)
	}
}

// checkBulk checks that each client got a transaction of so many rows as one
// event.
func checkBulk(t *testing.T, tr *run, tx uint64, rows int64) {
	t.Helper()
	for _, c := range tr.clients {
		c.all(func(s *stream) bool {
			if s != c.streams["acme"] {
				return true
			}
			var got []delivery
			for _, d := range s.got {
				if d.change.Tx == tx {
					got = append(got, d)
				}
			}
			if len(got) != 1 || got[0].change.Op != 'b' || got[0].position-got[0].from+1 != rows {
				t.Errorf("%s got the import as %v; want one bulk event of %d rows", c.name, got, rows)
			}
			return true
		})
	}
}
