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

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
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

// cell is one measurement. Times are in seconds and may be unknown.
type cell struct {
	round   int
	writers int // 0 for COPY
	variant Variant
	rows    int64
	seconds float64
	// latency is that of each transaction.
	latency *measure.Latency
	// Processor time: of the whole server until the reader had everything, and of the
	// reader.
	serverCPU, readerCPU float64
	// Sizes in bytes after COPY: the rows, and what the log grew by.
	tableBytes, logBytes float64
}

// load says what was done.
func (c *cell) load() string {
	if c.writers == 0 {
		return "COPY"
	}
	return fmt.Sprintf("%d writers", c.writers)
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
	r := &run{Settings: s, Stage: at}
	if r.shape, err = shapeOf(s.Table); err != nil {
		return err
	}
	if r.conn, err = r.connectWriter(ctx); err != nil { // which has the settings of the others
		return err
	}
	defer func() { _ = r.conn.Close(context.WithoutCancel(ctx)) }()
	if err := report.Environment.Describe(ctx, r.conn); err != nil {
		return err
	}
	tables := stage.Schema{Name: "rowcast_bench", SQL: r.tables(), Connect: at.Connect}
	if err := tables.Install(ctx); err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil {
			err = context.Cause(ctx) // whatever failed did so because of that
		}
		err = errors.Join(err, tables.Remove(ctx))
	}()
	var hidden error
	r.server, hidden = measure.FindServer(ctx, r.conn)
	var cells []cell
	for round := range r.Rounds {
		for _, writers := range r.loads() {
			for _, v := range rotated(round) {
				c := cell{round: round, writers: writers, variant: v, latency: measure.NewLatency()}
				progress.Doing(fmt.Sprintf("round %d of %d, %s, %s", round+1, r.Rounds, c.load(), v.words()))
				if err := r.measure(ctx, &c); err != nil {
					return fmt.Errorf("round %d, %s, triggers: %s: %w", round+1, c.load(), v, err)
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
		scripts = append(scripts, on(r.shape.table(v), r.shape.create))
	}
	scripts = append(scripts, on(r.shape.table(Rowcast), "select rowcast.watch('rowcast_bench.{table}', name => 'measured');"),
		on(r.shape.table(Notify), "create trigger notify after insert on rowcast_bench.{table} for each row execute function rowcast_bench.notify();"))
	return strings.Join(scripts, "\n")
}

// usage is the processor time used so far.
type usage struct{ server, reader float64 }

func (r *run) usage(ctx context.Context, f *reading) (u usage, err error) {
	u.server = r.server.CPU()
	if f.process != nil {
		var used child.Usage
		used, err = f.process.Usage(ctx)
		u.reader = used.CPU.Seconds()
	}
	return u, err
}

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
	if _, err := r.conn.PgConn().Exec(ctx, on(r.shape.table(v), script)).ReadAll(); err != nil {
		return fmt.Errorf("empty the table: %w", err)
	}
	return nil
}

// writeRows measures single-row transactions.
func (r *run) writeRows(ctx context.Context, c *cell, f *reading) error {
	writers, err := r.openWriters(ctx, c.writers, r.shape.table(c.variant))
	defer closeWriters(ctx, writers)
	if err != nil {
		return err
	}
	numbers := new(numbers)
	// Sessions fill caches, and the reader wakes up, before it counts.
	warm, _, err := r.all(ctx, writers, min(r.Duration/4, 500*time.Millisecond), numbers)
	if err != nil {
		return err
	}
	for _, w := range writers {
		w.latency = measure.NewLatency()
	}
	before, err := r.usage(ctx, f)
	if err != nil {
		return err
	}
	rows, took, err := r.all(ctx, writers, r.Duration, numbers)
	if err != nil {
		return err
	}
	c.rows, c.seconds = rows, took.Seconds()
	for _, w := range writers {
		c.latency.Merge(w.latency)
	}
	return r.settle(ctx, c, f, before, warm+rows)
}

// sizes are those of the change log, all segments, and of a table, in bytes.
const sizes = `select (select coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::float8 from pg_inherits i where i.inhparent = 'rowcast.log'::regclass),
	pg_relation_size($1::text::regclass)::float8`

// copyRows measures one COPY.
func (r *run) copyRows(ctx context.Context, c *cell, f *reading) error {
	table := "rowcast_bench." + r.shape.table(c.variant)
	var log, logAfter float64
	if err := r.conn.QueryRow(ctx, sizes, table).Scan(&log, &c.tableBytes); err != nil {
		return fmt.Errorf("ask for sizes: %w", err)
	}
	before, err := r.usage(ctx, f)
	if err != nil {
		return err
	}
	began := time.Now()
	if c.rows, err = r.copyInto(ctx, table); err != nil {
		return err
	}
	c.seconds = time.Since(began).Seconds()
	if err := r.settle(ctx, c, f, before, c.rows); err != nil {
		return err
	}
	if err := r.conn.QueryRow(ctx, sizes, table).Scan(&logAfter, &c.tableBytes); err != nil {
		return fmt.Errorf("ask for sizes: %w", err)
	}
	c.logBytes = logAfter - log
	if c.logBytes < 0 { // the retention passed meanwhile
		c.logBytes = bench.Unknown()
	}
	return nil
}

// settle waits until the reader has everything, notes what it all took, and
// checks that the table has the rows that were counted.
func (r *run) settle(ctx context.Context, c *cell, f *reading, before usage, written int64) error {
	if err := f.await(ctx, written); err != nil {
		return err
	}
	after, err := r.usage(ctx, f)
	if err != nil {
		return err
	}
	c.serverCPU, c.readerCPU = after.server-before.server, after.reader-before.reader
	var rows int64
	if err := r.conn.QueryRow(ctx, "select count(*) from rowcast_bench."+r.shape.table(c.variant)).Scan(&rows); err != nil {
		return fmt.Errorf("count the rows: %w", err)
	}
	if rows != written {
		return fmt.Errorf("the table has %d rows, but %d were committed", rows, written)
	}
	return nil
}
