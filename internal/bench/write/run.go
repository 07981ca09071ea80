package write

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/pflag"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
)

// The tables. {table} stands for the name of one.
var (
	//go:embed query/schema.sql
	schemaSQL string
	//go:embed query/orders.sql
	ordersSQL string
	//go:embed query/narrow.sql
	narrowSQL string
	//go:embed query/empty.sql
	emptySQL string
	//go:embed query/sizes.sql
	sizesSQL string
)

func on(table, sql string) string { return strings.ReplaceAll(sql, "{table}", table) }

// Variant is which triggers a table has.
type Variant string

// The variants.
const (
	None    Variant = "none"
	Rowcast Variant = "rowcast"
	Notify  Variant = "notify"
)

func variants() []Variant { return []Variant{None, Rowcast, Notify} }

// rotated is the order in which the variants take their turns.
func rotated(round int) []Variant {
	all := variants()
	n := round % len(all)
	return slices.Concat(all[n:], all[:n])
}

// cell is one measurement, in the words of the settings. Times are in seconds.
type cell struct {
	writers int // 0 for COPY
	variant Variant
	rows    int64
	seconds float64
	// serverCPU is the processor time of the whole server until the reader had
	// everything. It may be unknown.
	serverCPU float64
	// Sizes in bytes after COPY: the rows, and what the log grew by.
	tableBytes, logBytes float64
}

// run is one run of the benchmark.
type run struct {
	Settings
	*stage.Stage
	shape  shape
	conn   *pgx.Conn
	server *measure.Server
}

// Run measures and reports. It returns when everything that it made is removed,
// also if ctx ends.
func Run(ctx context.Context, at *stage.Stage, s Settings, progress *program.Progress, report *bench.Report) (err error) {
	r := &run{Settings: s, Stage: at, shape: shapes()[s.Table]}
	own, err := r.openSessions(ctx, 1) // which has the settings of the others
	if err != nil {
		return err
	}
	defer own.Close()
	r.conn = own[0]
	remove, err := at.Install(ctx, &report.Environment, "rowcast_bench", r.tables())
	if err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil {
			err = context.Cause(ctx) // whatever failed did so because of that
		}
		err = errors.Join(err, remove())
	}()
	if err := report.Environment.Describe(ctx, r.conn); err != nil {
		return err
	}
	var hidden error
	r.server, hidden = measure.FindServer(ctx, r.conn)
	var cells []cell
	for round := range r.Rounds {
		for _, writers := range r.loads() {
			for _, v := range rotated(round) {
				c := cell{writers: writers, variant: v}
				what := fmt.Sprintf("round %d of %d, writers: %d, triggers: %s", round+1, r.Rounds, writers, v)
				if writers == 0 {
					what = fmt.Sprintf("round %d of %d, COPY, triggers: %s", round+1, r.Rounds, v)
				}
				progress.Doing(what)
				if err := r.measure(ctx, &c); err != nil {
					return fmt.Errorf("%s: %w", what, err)
				}
				cells = append(cells, c)
				progress.Step()
			}
		}
	}
	r.report(report, cells, hidden)
	return nil
}

// tables is the script that makes the tables.
func (r *run) tables() string {
	scripts := []string{schemaSQL}
	for _, v := range variants() {
		scripts = append(scripts, on(r.table(v), r.shape.create))
	}
	scripts = append(scripts, on(r.table(Rowcast), "select rowcast.watch('rowcast_bench.{table}', name => 'measured');"),
		on(r.table(Notify), "create trigger notify after insert on rowcast_bench.{table} for each row execute function rowcast_bench.notify();"))
	return strings.Join(scripts, "\n")
}

// table is the name of the table of a variant.
func (r *run) table(v Variant) string { return r.Table + "_" + string(v) }

// measure does what the cell says, on an empty table.
func (r *run) measure(ctx context.Context, c *cell) error {
	if err := r.empty(ctx, c.variant); err != nil {
		return err
	}
	f, err := r.follow(ctx, c.variant)
	if err != nil {
		return err
	}
	defer f.close()
	work := r.writeRows
	if c.writers == 0 {
		work = r.copyRows
	}
	if err := work(ctx, c, f); err != nil {
		return err
	}
	// The table is empty again, and its disk free, while the others write.
	return r.empty(ctx, c.variant)
}

// empty makes the table of a variant as new.
func (r *run) empty(ctx context.Context, v Variant) error {
	script := "truncate rowcast_bench.{table}"
	if v == Rowcast {
		script = emptySQL
	}
	if _, err := r.conn.PgConn().Exec(ctx, on(r.table(v), script)).ReadAll(); err != nil {
		return fmt.Errorf("empty the table: %w", err)
	}
	return nil
}

// writeRows measures single-row transactions.
func (r *run) writeRows(ctx context.Context, c *cell, f *reading) error {
	writers, err := r.openSessions(ctx, c.writers)
	if err != nil {
		return err
	}
	defer writers.Close()
	w := &work{shape: r.shape, writers: writers}
	if err := w.prepare(ctx, on(r.table(c.variant), r.shape.insert)); err != nil {
		return err
	}
	// Sessions fill caches, and the reader wakes up, before it counts.
	warm, _, err := w.all(ctx, min(r.Duration/4, 500*time.Millisecond))
	if err != nil {
		return err
	}
	before := r.server.CPU()
	if c.rows, c.seconds, err = w.all(ctx, r.Duration); err != nil {
		return err
	}
	return r.settle(ctx, c, f, before, warm+c.rows)
}

// copyRows measures one COPY.
func (r *run) copyRows(ctx context.Context, c *cell, f *reading) error {
	sizes := func() (log float64, err error) {
		if err = r.conn.QueryRow(ctx, on(r.table(c.variant), sizesSQL)).Scan(&log, &c.tableBytes); err != nil {
			return 0, fmt.Errorf("ask for sizes: %w", err)
		}
		return log, nil
	}
	log, err := sizes()
	if err != nil {
		return err
	}
	text := copyText(r.shape, r.Rows)
	before, began := r.server.CPU(), time.Now()
	if c.rows, err = r.copyInto(ctx, r.table(c.variant), text); err != nil {
		return err
	}
	c.seconds = time.Since(began).Seconds()
	if err := r.settle(ctx, c, f, before, c.rows); err != nil {
		return err
	}
	logAfter, err := sizes()
	if c.logBytes = logAfter - log; c.logBytes < 0 { // the retention passed meanwhile
		c.logBytes = bench.Unknown()
	}
	return err
}

// settle waits until the reader has everything, notes what it all took, and
// checks that the table has the rows that were counted.
func (r *run) settle(ctx context.Context, c *cell, f *reading, before float64, written int64) error {
	if err := f.await(ctx, written); err != nil {
		return err
	}
	c.serverCPU = r.server.CPU() - before
	var rows int64
	if err := r.conn.QueryRow(ctx, "select count(*) from rowcast_bench."+r.table(c.variant)).Scan(&rows); err != nil {
		return fmt.Errorf("count the rows: %w", err)
	}
	if rows != written {
		return fmt.Errorf("the table has %d rows, but %d were committed", rows, written)
	}
	return nil
}

// Settings are what a user chooses; their flags say what each is.
type Settings struct {
	Writers               []int
	Rounds, Rows          int
	Duration, CommitDelay time.Duration
	Table                 string
}

// Bind makes flags of the settings, with their defaults.
func (s *Settings) Bind(flags *pflag.FlagSet) {
	flags.IntSliceVar(&s.Writers, "writers", []int{1, 16, 64}, "numbers of writers, comma-separated")
	flags.IntVar(&s.Rounds, "rounds", 5, "how often everything is measured")
	flags.DurationVar(&s.Duration, "duration", 3*time.Second, "how long the writers of one measurement write")
	flags.IntVar(&s.Rows, "rows", 500_000, "rows of one COPY; 0 leaves it out")
	flags.StringVar(&s.Table, "table", "orders", "shape of the table: orders, or narrow, the worst case for a trigger")
	flags.DurationVar(&s.CommitDelay, "commit-delay", 0, "commit_delay of the writers, with commit_siblings 0, to stand for a disk behind a network (default that of the server)")
}

// Check refuses settings that cannot be measured.
func (s Settings) Check() error {
	const mostWriters, mostRows = 1000, 5_000_000
	if len(s.Writers) == 0 || slices.ContainsFunc(s.Writers, func(n int) bool { return n < 1 || n > mostWriters }) {
		return fmt.Errorf("--writers is %v; give numbers from 1 to %d, as in 1,16,64", s.Writers, mostWriters)
	}
	return errors.Join(bench.OneOf("table", s.Table, "orders", "narrow"),
		bench.Within("rounds", s.Rounds, 1, 100), bench.Within("duration", s.Duration, 10*time.Millisecond, time.Hour),
		bench.Within("rows", s.Rows, 0, mostRows), bench.Within("commit-delay", s.CommitDelay, 0, 100*time.Millisecond))
}

// Sessions is how many sessions of PostgreSQL write.
func (s Settings) Sessions() int { return slices.Max(s.Writers) }

// Steps is how many a run has.
func (s Settings) Steps() int { return s.Rounds * len(s.loads()) * len(variants()) }

// loads are the numbers of writers, and 0 for COPY.
func (s Settings) loads() []int {
	if s.Rows == 0 {
		return s.Writers
	}
	return append(slices.Clone(s.Writers), 0)
}
