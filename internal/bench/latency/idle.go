package latency

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/measure"
)

//go:embed idle.sql
var idleQuery string

// counted is how long a session of PostgreSQL may keep to itself what it has
// done, if it does something after that.
const counted = 1100 * time.Millisecond

// sample is what has been used until then.
type sample struct {
	at                   time.Time
	transactions, vacuum int64
	others               int64
	server               child.Usage
	backends             float64
}

// idleness is what the server costs when nothing happens, with clients joined.
type idleness struct {
	// queries is in transactions a second on the database, without our own.
	queries float64
	// server and backends are the shares of a core that the process of the
	// server and its sessions in PostgreSQL use; backends is unknown when
	// their processes cannot be seen.
	server, backends float64
	// others is how many sessions of others the database had, whose
	// transactions are counted as well.
	others int64
}

// tries is how often idleness is measured anew because autovacuum worked.
const tries = 3

// idle measures for a while in which nothing is written.
func (r *run) idle(ctx context.Context, conn *pgx.Conn) (idleness, error) {
	// Unknown is fine: the result says so.
	postgres, _ := measure.FindServer(ctx, conn)
	// The first sample has all that this session did before counted; it is
	// taken again once it is counted itself.
	_, err := r.sampleAfter(ctx, max(settle, counted), conn, postgres)
	if err != nil {
		return idleness{}, err
	}
	var idle idleness
	for range tries {
		before, err := r.sampleAfter(ctx, counted, conn, postgres)
		if err != nil {
			return idleness{}, err
		}
		after, err := r.sampleAfter(ctx, r.Idle, conn, postgres)
		if err != nil {
			return idleness{}, err
		}
		seconds := after.at.Sub(before.at).Seconds()
		idle = idleness{
			// The sample before was a transaction, too, counted at its end.
			queries:  float64(max(0, after.transactions-before.transactions-1)) / seconds,
			server:   (after.server.CPU - before.server.CPU).Seconds() / seconds,
			backends: (after.backends - before.backends) / seconds,
			others:   max(before.others, after.others),
		}
		if after.vacuum == before.vacuum {
			break
		}
	}
	return idle, nil
}

// sampleAfter waits and takes a sample.
func (r *run) sampleAfter(ctx context.Context, d time.Duration, conn *pgx.Conn, postgres *measure.Server) (sample, error) {
	if err := pause(ctx, d); err != nil {
		return sample{}, err
	}
	return r.sample(ctx, conn, postgres)
}

func (r *run) sample(ctx context.Context, conn *pgx.Conn, postgres *measure.Server) (s sample, err error) {
	var pids []int
	if err := conn.QueryRow(ctx, idleQuery).Scan(&s.transactions, &s.vacuum, &pids, &s.others); err != nil {
		return s, fmt.Errorf("count transactions: %w", err)
	}
	for _, pid := range pids {
		s.backends += postgres.ProcessCPU(pid)
	}
	s.at = time.Now()
	s.server, err = r.server.Usage(ctx)
	return s, err
}

// pause waits for d.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
