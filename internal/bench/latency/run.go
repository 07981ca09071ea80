package latency

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/scratch"
)

// Schema is where the tables are; the channel of the bare client has its name.
const Schema = "rowcast_bench_latency"

//go:embed schema.sql
var schema string

// Options says what to measure. All but Step are required.
type Options struct {
	Settings
	// Connect opens a direct connection to a database with schema rowcast.
	Connect func(ctx context.Context) (*pgx.Conn, error)
	// URL is the WebSocket endpoint of a server on that database, Token mints
	// a token for tenants.
	URL   string
	Token func(tenants []string) (string, error)
	// Usage is what the process of the server uses.
	Usage func(ctx context.Context) (child.Usage, error)
	// Settle is how long everything is left alone before idleness is measured,
	// so that the server has gone to sleep and PostgreSQL has counted all.
	Settle time.Duration
	// Timeout is how long nothing may arrive before it is an error.
	Timeout time.Duration
	// Doing is told what comes next, Step that one of Steps is done.
	Doing func(what string)
	Step  func()
}

// Run measures.
func Run(ctx context.Context, o Options) (_ *Result, err error) {
	r := &run{Options: o, began: time.Now()}
	conn, err := o.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tables := scratch.Schema{Name: Schema, SQL: schema, Connect: o.Connect}
	if err := tables.Install(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tables.Remove(ctx)) }()
	defer r.close(ctx)
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	result := newResult()
	for n := range o.Blocks {
		order := []*side{&r.measured, &r.notified}
		if n%2 == 1 {
			order[0], order[1] = order[1], order[0]
		}
		for _, s := range order {
			o.Doing(s.what)
			if err := r.block(ctx, s, result); err != nil {
				return nil, err
			}
			o.Step()
		}
	}
	o.Doing("idle")
	if o.Idle > 0 {
		// Sessions count what they have done at the latest when they end.
		r.closeWriters(ctx)
		if result.Idle, err = r.idle(ctx, conn); err != nil {
			return nil, err
		}
	}
	o.Step()
	return result, nil
}

// run is a run of the benchmark.
type run struct {
	Options
	began              time.Time
	written            int64
	arrivals           arrivals
	measured, notified side
	writers            []*pgx.Conn
	receivers          receivers
}

// side is one of the tables with those who follow it.
type side struct {
	what, insert string
	figures      func(*Result) *Side
}

// connect opens the clients and the writers.
func (r *run) connect(ctx context.Context) error {
	r.measured = side{"measuring Rowcast", insert("measured"), func(r *Result) *Side { return &r.Rowcast }}
	r.notified = side{"measuring bare LISTEN", insert("notified"), func(r *Result) *Side { return &r.Bare }}
	if err := r.receivers.listen(ctx, r.Connect, r.arrive); err != nil {
		return err
	}
	if err := r.receivers.join(ctx, r.URL, r.tenants(), r.Token, r.arrive); err != nil {
		return err
	}
	for range r.Writers {
		conn, err := r.Connect(ctx)
		if err != nil {
			return err
		}
		r.writers = append(r.writers, conn)
		// Prepared now, not within the first transaction that is measured.
		for _, s := range []side{r.measured, r.notified} {
			if _, err := conn.Prepare(ctx, s.insert, s.insert); err != nil {
				return fmt.Errorf("prepare the writers: %w", err)
			}
		}
	}
	return nil
}

func (r *run) tenants() []string {
	all := make([]string, r.Tenants)
	for i := range all {
		all[i] = tenant(int64(i))
	}
	return all
}

// arrive takes what a client has received.
func (r *run) arrive(id int64, due time.Duration, at time.Time) {
	r.arrivals.add(arrival{id, due, at.Sub(r.began)})
}

func (r *run) close(ctx context.Context) {
	r.receivers.close()
	r.closeWriters(ctx)
}

func (r *run) closeWriters(ctx context.Context) {
	for _, conn := range r.writers {
		_ = conn.Close(context.WithoutCancel(ctx))
	}
	r.writers = nil
}
