package write

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
)

// cell is one measurement. Times are in seconds and may be unknown.
type cell struct {
	round   int
	writers int // 0 for COPY
	variant Variant

	rows    int64
	seconds float64
	// latency is that of each transaction.
	latency *measure.Latency
	// Processor time: of the whole server until the reader had everything, of
	// the session that copied, of this process and of the reader.
	serverCPU, sessionCPU, clientCPU, readerCPU float64
	// Sizes in bytes after COPY: the rows, the table with its indexes, and
	// what the log grew by.
	tableBytes, totalBytes, logBytes float64
}

// load says what was done.
func (c *cell) load() string {
	switch c.writers {
	case 0:
		return "COPY"
	case 1:
		return "1 writer"
	}
	return fmt.Sprintf("%d writers", c.writers)
}

// usage is the processor time used so far.
type usage struct{ server, client, reader float64 }

func (r *run) usage(ctx context.Context, f *reading) (usage, error) {
	reader, err := f.cpu(ctx)
	return usage{r.server.CPU(), measure.OwnCPU(), reader}, err
}

// spent notes what was used since before.
func (c *cell) spent(before, after usage) {
	c.serverCPU, c.clientCPU, c.readerCPU = after.server-before.server, after.client-before.client, after.reader-before.reader
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

// warmUp is how long the writers write before it counts: their sessions fill
// caches, and the reader wakes up.
func (r *run) warmUp() time.Duration { return min(r.o.Duration/4, 500*time.Millisecond) }

// writeRows measures single-row transactions.
func (r *run) writeRows(ctx context.Context, c *cell, f *reading) error {
	table := r.shape.table(c.variant)
	writers, err := r.openWriters(ctx, c.writers, table)
	if err != nil {
		return err
	}
	defer closeWriters(ctx, writers)
	numbers := new(numbers)
	warm, _, err := r.all(ctx, writers, r.warmUp(), numbers)
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
	rows, took, err := r.all(ctx, writers, r.o.Duration, numbers)
	if err != nil {
		return err
	}
	if err := r.settle(ctx, c, f, before, warm+rows); err != nil {
		return err
	}
	c.rows, c.seconds, c.latency = rows, took.Seconds(), measure.NewLatency()
	for _, w := range writers {
		c.latency.Merge(w.latency)
	}
	return nil
}

// copyRows measures one COPY.
func (r *run) copyRows(ctx context.Context, c *cell, f *reading) error {
	conn, err := r.connectWriter(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	log, err := r.logSize(ctx)
	if err != nil {
		return err
	}
	before, err := r.usage(ctx, f)
	if err != nil {
		return err
	}
	session := r.server.ProcessCPU(int(conn.PgConn().PID()))
	began := time.Now()
	table := r.shape.table(c.variant)
	if c.rows, err = r.copyInto(ctx, conn, table); err != nil {
		return err
	}
	c.seconds = time.Since(began).Seconds()
	c.sessionCPU = r.server.ProcessCPU(int(conn.PgConn().PID())) - session
	if err := r.settle(ctx, c, f, before, c.rows); err != nil {
		return err
	}
	after, err := r.logSize(ctx)
	if err != nil {
		return err
	}
	c.logBytes = after - log
	if c.logBytes < 0 { // the retention passed meanwhile
		c.logBytes = bench.Unknown()
	}
	sizes := "select pg_relation_size(t)::float8, pg_total_relation_size(t)::float8 from cast('rowcast_bench." + table + "' as regclass) t"
	if err := r.conn.QueryRow(ctx, sizes).Scan(&c.tableBytes, &c.totalBytes); err != nil {
		return fmt.Errorf("ask for the size of the table: %w", err)
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
	c.spent(before, after)
	var rows int64
	if err := r.conn.QueryRow(ctx, "select count(*) from rowcast_bench."+r.shape.table(c.variant)).Scan(&rows); err != nil {
		return fmt.Errorf("count the rows: %w", err)
	}
	if rows != written {
		return fmt.Errorf("the table has %d rows, but %d were committed", rows, written)
	}
	return nil
}

func (r *run) logSize(ctx context.Context) (bytes float64, err error) {
	if err := r.conn.QueryRow(ctx, logSizeSQL).Scan(&bytes); err != nil {
		return 0, fmt.Errorf("ask for the size of the log: %w", err)
	}
	return bytes, nil
}
