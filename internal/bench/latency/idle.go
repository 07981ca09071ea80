package latency

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/measure"

	"rowcast/internal/bench/stage"
)

//go:embed idle.sql
var idleQuery string

const (
	// settle is how long the server may take to go to sleep, and a session of
	// PostgreSQL that has fallen idle to count what it has done, 10 s.
	settle = 11 * time.Second
	// counted is how long a session of PostgreSQL may keep to itself what it has
	// done, if it does something after that.
	counted = 1100 * time.Millisecond
	// tries is how often idleness is measured anew because autovacuum worked.
	tries = 3
)

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

// sample is what has been used until then.
type sample struct {
	at                           time.Time
	transactions, vacuum, others int64
	server                       stage.Usage
	backends                     float64
}

// idle measures for a while in which nothing is written.
func (r *run) idle(ctx context.Context) (idle idleness, err error) {
	conn, err := r.Connect(ctx)
	if err != nil {
		return idle, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// Unknown is fine: the result says so.
	postgres, _ := measure.FindServer(ctx, conn)
	// The first sample has all that this session did before counted; it is
	// taken again once it is counted itself.
	if _, err := r.sample(ctx, settle, conn, postgres); err != nil {
		return idle, err
	}
	for range tries {
		before, err := r.sample(ctx, counted, conn, postgres)
		if err != nil {
			return idle, err
		}
		after, err := r.sample(ctx, r.Idle, conn, postgres)
		if err != nil {
			return idle, err
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

// sample waits for d and takes a sample.
func (r *run) sample(ctx context.Context, d time.Duration, conn *pgx.Conn, postgres *measure.Server) (s sample, err error) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return s, context.Cause(ctx)
	}
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
