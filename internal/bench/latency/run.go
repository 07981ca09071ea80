package latency

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"rowcast/internal/bench"
	"rowcast/internal/bench/load"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
)

const (
	// tenant is the one that owns the rows.
	tenant = "rowcast-bench-0"
	// schemaName is where the tables are; the channel of the bare client has its name.
	schemaName = "rowcast_bench_latency"
	// quietTime is how long nothing may arrive.
	quietTime = 10 * time.Second
	// leadIn is the beginning of each block, which is not counted.
	leadIn = 500 * time.Millisecond
)

//go:embed schema.sql
var schema string

// side is one of the tables with those who follow it.
type side struct {
	name, insert string
	// due are the latencies from the intended commit to the client.
	due []time.Duration
	// late is how long after its time a commit began at most, since all
	// writers were busy.
	late time.Duration
}

func newSide(name, table string) *side {
	return &side{name: name, insert: "insert into " + schemaName + "." + table + " (id, tenant_id, due) values ($1, $2, $3)"}
}

// milliseconds is the latency that the share q of all does not exceed.
func (s *side) milliseconds(q float64) float64 {
	if len(s.due) == 0 {
		return bench.Unknown()
	}
	slices.Sort(s.due)
	return s.due[max(0, int(math.Ceil(q*float64(len(s.due))))-1)].Seconds() * 1000
}

// run is a run of the benchmark.
type run struct {
	Settings
	*stage.Stage
	server *stage.Child
	// rowcast and bare take turns.
	rowcast, bare *side
	began         time.Time
	written       int64
	arrivals      arrivals
	writers       stage.Sessions
	client        load.Load
}

func newRun(at *stage.Stage, s Settings) *run {
	return &run{Settings: s, Stage: at, rowcast: newSide("Rowcast", "measured"), bare: newSide("bare LISTEN", "notified"), began: time.Now()}
}

// Measure runs the benchmark with a server of its own and fills the report. The
// caller closes the stage.
func (s *Settings) Measure(ctx context.Context, at *stage.Stage, progress *program.Progress, report *bench.Report) (err error) {
	r := newRun(at, *s)
	var address string
	if r.server, address, err = at.Serve(ctx); err != nil {
		return err
	}
	remove, err := at.Install(ctx, &report.Environment, schemaName, schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	stop, err := r.listen(ctx)
	if err != nil {
		return err
	}
	defer stop()
	defer r.client.Leave()
	if err := r.join(address); err != nil {
		return err
	}
	if r.writers, err = at.Sessions(ctx, s.Writers); err != nil {
		return err
	}
	defer func() { r.writers.Close() }()
	for n := range 2 * s.Blocks {
		side := []*side{r.rowcast, r.bare, r.bare, r.rowcast}[n%4]
		progress.Doing("measuring " + side.name)
		if err := r.block(ctx, side); err != nil {
			return err
		}
		progress.Step()
	}
	var idle idleness
	if s.Idle > 0 {
		progress.Doing("idle")
		r.writers.Close() // sessions count what they have done at the latest when they end
		if idle, err = r.idle(ctx); err != nil {
			return err
		}
	}
	progress.Step()
	r.fill(report, idle)
	return nil
}

// block writes to one side for a while and records when the rows arrive.
func (r *run) block(ctx context.Context, s *side) error {
	skipped := int64(leadIn.Seconds() * r.Rate)
	first, pace := r.written, measure.Pace{
		Start: time.Now().Add(time.Millisecond), Rate: r.Rate, Count: skipped + max(1, int64(r.Duration.Seconds()*r.Rate)/int64(r.Blocks)),
	}
	r.written += pace.Count
	r.arrivals.expect(first, pace.Count)
	late, err := pace.Each(ctx, len(r.writers), func(ctx context.Context, writer int, n int64, due time.Time) error {
		_, err := r.writers[writer].Exec(ctx, s.insert, first+n, tenant, int64(due.Sub(r.began)))
		return err
	})
	s.late = max(s.late, late)
	if err != nil {
		return fmt.Errorf("write a row: %w", err)
	}
	if err := r.arrivals.await(ctx, quietTime); err != nil {
		return err
	}
	for _, row := range r.arrivals.rows[skipped:] {
		s.due = append(s.due, row.at-row.due)
	}
	return nil
}

// Settings are what a user chooses; their flags say what each is.
type Settings struct {
	Rate            float64
	Writers, Blocks int
	Duration, Idle  time.Duration
}

// Bind makes flags of the settings, with their defaults.
func (s *Settings) Bind(flags *pflag.FlagSet) {
	flags.Float64Var(&s.Rate, "rate", 100, "commits a second")
	flags.DurationVar(&s.Duration, "duration", 10*time.Second, "how long each side is measured")
	flags.IntVar(&s.Writers, "writers", 8, "most commits at once")
	flags.IntVar(&s.Blocks, "blocks", 5, "turns that each side takes")
	flags.DurationVar(&s.Idle, "idle", 10*time.Second, "how long idleness is measured; 0 leaves it out")
}

// Check says what is wrong.
func (s Settings) Check() error {
	return errors.Join(
		bench.Within("rate", s.Rate, 0.1, 100_000), bench.Within("duration", s.Duration, time.Millisecond, time.Hour),
		bench.Within("writers", s.Writers, 1, 64), bench.Within("blocks", s.Blocks, 1, 100),
		bench.Within("idle", s.Idle, 0, time.Hour))
}

// Sessions is how many sessions of PostgreSQL write.
func (s Settings) Sessions() int { return s.Writers }

// Steps is how many a run has.
func (s Settings) Steps() int { return 2*s.Blocks + 1 }
