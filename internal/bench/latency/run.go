package latency

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/load"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
)

const (
	// schemaName is where the tables are; the channel of the bare client has its name.
	schemaName = "rowcast_bench_latency"
	// quietTime is how long nothing may arrive.
	quietTime = 10 * time.Second
	// settle is how long the server may take to go to sleep, and a session of
	// PostgreSQL that has fallen idle to count what it has done, 10 s.
	settle = 11 * time.Second
	// waited is from when on an event counts as one that waited for the fallback
	// poll, which comes once a second.
	waited = 900 * time.Millisecond
)

//go:embed schema.sql
var schema string

// side is one of the tables with those who follow it.
type side struct {
	name, insert string
	// due is the latency from the intended commit to the client.
	due *measure.Latency
	// waited counts what arrived so long after the return of its commit that
	// the fallback poll may have found it.
	waited int64
	// late is how long after its time a commit began at most, since all
	// writers were busy.
	late time.Duration
}

func newSide(name, table string) *side {
	insert := "insert into " + schemaName + "." + table + " (id, tenant_id, due) values ($1, $2, $3)"
	return &side{name: name, insert: insert, due: measure.NewLatency()}
}

// add counts a row: how long after its time it arrived, how long after the return of
// its commit, and how late that began.
func (s *side) add(due, returned, late time.Duration) {
	s.due.Record(due)
	s.late = max(s.late, late)
	if returned >= waited {
		s.waited++
	}
}

// run is a run of the benchmark.
type run struct {
	Settings
	*stage.Stage
	server *child.Child
	// rowcast and bare take turns.
	rowcast, bare *side
	began         time.Time
	written       int64
	arrivals      arrivals
	writers       []*pgx.Conn
	client        load.Load
}

// Measure runs the benchmark with a server of its own and fills the report. The
// caller closes the stage.
func Measure(ctx context.Context, at *stage.Stage, s Settings, progress *program.Progress, report *bench.Report) (err error) {
	r := &run{
		Settings: s, Stage: at, rowcast: newSide("Rowcast", "measured"), bare: newSide("bare LISTEN", "notified"), began: time.Now(),
	}
	var address string
	if r.server, address, err = at.Serve(ctx); err != nil {
		return err
	}
	conn, err := at.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tables := stage.Schema{Name: schemaName, SQL: schema, Connect: at.Connect}
	if err := tables.Install(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tables.Remove(ctx)) }()
	stop, err := r.listen(ctx)
	if err != nil {
		return err
	}
	defer stop()
	defer r.client.Leave()
	if err := r.join(ctx, address); err != nil {
		return err
	}
	defer func() { r.closeWriters(ctx) }()
	if err := r.openWriters(ctx); err != nil {
		return err
	}
	for n := range s.Blocks {
		order := []*side{r.rowcast, r.bare}
		if n%2 == 1 {
			order[0], order[1] = order[1], order[0]
		}
		for _, side := range order {
			progress.Doing("measuring " + side.name)
			if err := r.block(ctx, side); err != nil {
				return err
			}
			progress.Step()
		}
	}
	var idle idleness
	if s.Idle > 0 {
		progress.Doing("idle")
		r.closeWriters(ctx) // sessions count what they have done at the latest when they end
		if idle, err = r.idle(ctx, conn); err != nil {
			return err
		}
	}
	progress.Step()
	r.fill(report, idle)
	return nil
}

func (r *run) openWriters(ctx context.Context) error {
	for range r.Writers {
		conn, err := r.Connect(ctx)
		if err != nil {
			return err
		}
		r.writers = append(r.writers, conn)
		// Prepared now, not within the first transaction that is measured.
		for _, s := range []*side{r.rowcast, r.bare} {
			if _, err := conn.Prepare(ctx, s.insert, s.insert); err != nil {
				return fmt.Errorf("prepare the writers: %w", err)
			}
		}
	}
	return nil
}

func (r *run) closeWriters(ctx context.Context) {
	for _, conn := range r.writers {
		_ = conn.Close(context.WithoutCancel(ctx))
	}
	r.writers = nil
}
