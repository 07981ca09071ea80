package write

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
)

// openSessions opens sessions that commit as the settings say.
func (r *run) openSessions(ctx context.Context, n int) (stage.Sessions, error) {
	all, err := r.Stage.Sessions(ctx, n)
	if err != nil || r.CommitDelay == 0 {
		return all, err
	}
	// A slow disk slows every commit, not only those that have company.
	delay := fmt.Sprintf("set commit_siblings = 0; set commit_delay = %d", r.CommitDelay.Microseconds())
	for _, conn := range all {
		_, err := conn.PgConn().Exec(ctx, delay).ReadAll()
		if err == nil {
			continue
		}
		all.Close()
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
			return nil, fmt.Errorf("%w; only a superuser may set commit_delay, or from PostgreSQL 15 on who was granted it: "+
				"grant set on parameter commit_delay to that role", err)
		}
		return nil, fmt.Errorf("set commit_delay: %w", err)
	}
	return all, nil
}

// work is what writers insert side by side, each row in a transaction of its own.
type work struct {
	shape   shape
	writers stage.Sessions
	// last is the number of the last row.
	last atomic.Int64
}

// insertName is the prepared statement of a writer.
const insertName = "insert_row"

func (w *work) prepare(ctx context.Context, insert string) error {
	for _, conn := range w.writers {
		if _, err := conn.PgConn().Prepare(ctx, insertName, insert, nil); err != nil {
			return fmt.Errorf("prepare the writers: %w", err)
		}
	}
	return nil
}

// all lets the writers run for so long, and returns their rows and the time they took.
func (w *work) all(ctx context.Context, duration time.Duration) (rows int64, seconds float64, err error) {
	group, ctx := errgroup.WithContext(ctx)
	before, began := w.last.Load(), time.Now()
	for _, conn := range w.writers {
		group.Go(func() error { return w.write(ctx, conn, began.Add(duration)) })
	}
	err = group.Wait()
	return w.last.Load() - before, time.Since(began).Seconds(), err
}

// write commits row after row until the time has come, at least one.
func (w *work) write(ctx context.Context, session *pgx.Conn, until time.Time) error {
	conn := session.PgConn()
	// The statements run without a context, which would cost more than the
	// rest of the client: the end of ctx breaks the connection instead.
	defer context.AfterFunc(ctx, func() { _ = conn.Conn().SetDeadline(time.Now()) })()
	fields := make([][]byte, 0, 8)
	for first := true; first || time.Now().Before(until); first = false {
		fields = w.shape.row(fields[:0], w.last.Add(1))
		if _, err := conn.ExecPrepared(context.Background(), insertName, fields, nil, nil).Close(); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("insert a row: %w", err)
		}
	}
	return nil
}

// copyText is the text of a COPY of the first rows of a shape.
func copyText(s shape, rows int) (text []byte) {
	var fields [][]byte
	for n := range rows {
		fields = s.row(fields[:0], int64(n+1))
		text = append(append(text, bytes.Join(fields, []byte("\t"))...), '\n')
	}
	return text
}

// copyInto writes the text in one COPY, in a session of its own.
func (r *run) copyInto(ctx context.Context, table string, text []byte) (int64, error) {
	session, err := r.openSessions(ctx, 1)
	if err != nil {
		return 0, err
	}
	defer session.Close()
	tag, err := session[0].PgConn().CopyFrom(ctx, bytes.NewReader(text), fmt.Sprintf("copy rowcast_bench.%s (%s) from stdin", table, r.shape.columns))
	if err != nil {
		return 0, fmt.Errorf("copy %d rows: %w", r.Rows, err)
	}
	return tag.RowsAffected(), nil
}

// reading reads what is written to one table: a whole server in a process of its own
// for the watched one, a LISTEN in this process for that which notifies, and nobody for
// the third.
type reading struct {
	// received is how many rows were read.
	received func(ctx context.Context) (int64, error)
	close    func()
}

//go:embed query/sealed.sql
var sealedSQL string

// follow starts what the variant needs.
func (r *run) follow(ctx context.Context, v Variant) (f *reading, err error) {
	f = &reading{close: func() {}}
	switch v {
	case Rowcast:
		process, _, err := r.Serve(ctx)
		if err != nil {
			return nil, err
		}
		f.close = func() { _ = process.Close() } // it was killed if it did not end
		var before int64
		f.received = func(ctx context.Context) (n int64, err error) {
			err = r.conn.QueryRow(ctx, sealedSQL).Scan(&n)
			return n - before, err
		}
		before, err = f.received(ctx)
		return f, err
	case Notify:
		var n atomic.Int64
		f.received = func(context.Context) (int64, error) { return n.Load(), nil }
		// If the connection breaks, rows are missing, and await says so.
		f.close, err = r.Listen(ctx, "rowcast_bench", func(string, time.Time) { n.Add(1) }, func(error) {})
	}
	return f, err
}

// await waits until the reader has received so many rows.
func (f *reading) await(ctx context.Context, rows int64) error {
	if f.received == nil {
		return nil
	}
	return measure.Await(ctx, 20*time.Millisecond, time.Minute, func() (int64, string, error) {
		n, err := f.received(ctx)
		if err == nil && n > rows {
			err = fmt.Errorf("the reader received %d rows, but %d were written", n, rows)
		}
		return rows - n, fmt.Sprintf("the reader has received %d of %d rows", n, rows), err
	})
}

// tenants is how many the rows are spread over.
const tenants = 50

// shape is what the table looks like and what is written into it.
type shape struct {
	create string
	// columns are those that a writer gives; the others have defaults.
	columns string
	// insert is the statement of a writer, with parameters as text.
	insert string
	// row appends the n-th row, as the fields of the columns in text.
	row func(fields [][]byte, n int64) [][]byte
}

// shapes are those that --table names.
func shapes() map[string]shape {
	return map[string]shape{
		"orders": {ordersSQL, "tenant_id, customer, status, total", "insert into rowcast_bench.{table} (tenant_id, customer, status, total) values ($1, $2, $3, $4)", order},
		"narrow": {narrowSQL, "id, tenant_id, body", "insert into rowcast_bench.{table} (id, tenant_id, body) values ($1, $2, $3)", note},
	}
}

func order(fields [][]byte, n int64) [][]byte {
	return append(fields,
		fmt.Appendf(nil, "0be9c000-0000-4000-8000-%012d", 1+n%tenants),
		fmt.Appendf(nil, "Customer %d of the house", n%9973),
		[]byte("pending"),
		strconv.AppendFloat(nil, float64(n%100_000)/100, 'f', 2, 64))
}

func note(fields [][]byte, n int64) [][]byte {
	return append(fields,
		strconv.AppendInt(nil, n, 10),
		fmt.Appendf(nil, "rowcast-bench-%d", 1+n%tenants),
		fmt.Appendf(nil, "a note of ordinary length, the %dth", n))
}
