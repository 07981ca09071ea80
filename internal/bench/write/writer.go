package write

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/bench/measure"
)

// writer is one session that inserts rows, each in a transaction of its own.
type writer struct {
	conn    *pgx.Conn
	latency *measure.Latency
}

// writerName names the sessions of writers in pg_stat_activity.
const writerName = "rowcast-bench writer"

// connectWriter opens a session and prepares it.
func (r *run) connectWriter(ctx context.Context) (*pgx.Conn, error) {
	conn, err := r.Dial(ctx, writerName)
	if err != nil {
		return nil, err
	}
	if r.CommitDelay > 0 {
		// A slow disk slows every commit, not only those that have company.
		delay := fmt.Sprintf("set commit_siblings = 0; set commit_delay = %d", r.CommitDelay.Microseconds())
		if _, err := conn.PgConn().Exec(ctx, delay).ReadAll(); err != nil {
			_ = conn.Close(ctx)
			if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "42501" {
				return nil, fmt.Errorf("%w; only a superuser may set commit_delay, or from PostgreSQL 15 on who was granted it: "+
					"grant set on parameter commit_delay to that role", err)
			}
			return nil, fmt.Errorf("set commit_delay: %w", err)
		}
	}
	return conn, nil
}

// insertName is the prepared statement of a writer.
const insertName = "insert_row"

// openWriters opens the sessions of n writers on the table. The caller closes them, also
// after an error.
func (r *run) openWriters(ctx context.Context, n int, table string) (writers []*writer, err error) {
	for i := range n {
		conn, err := r.connectWriter(ctx)
		if err != nil {
			return writers, fmt.Errorf("open writer %d of %d: %w", i+1, n, err)
		}
		writers = append(writers, &writer{conn: conn, latency: measure.NewLatency()})
		if _, err := conn.PgConn().Prepare(ctx, insertName, on(table, r.shape.insert), nil); err != nil {
			return writers, fmt.Errorf("prepare writer %d of %d: %w", i+1, n, err)
		}
	}
	return writers, nil
}

func closeWriters(ctx context.Context, writers []*writer) {
	for _, w := range writers {
		_ = w.conn.Close(context.WithoutCancel(ctx)) // an error says that it is closed
	}
}

// all has the writers write side by side for so long, and says how many rows
// they wrote in what time.
func (r *run) all(ctx context.Context, writers []*writer, duration time.Duration, numbers *numbers) (rows int64, took time.Duration, err error) {
	g, ctx := errgroup.WithContext(ctx)
	var mu sync.Mutex
	began := time.Now()
	for _, w := range writers {
		g.Go(func() error {
			n, err := w.write(ctx, r.shape, began.Add(duration), numbers)
			mu.Lock()
			defer mu.Unlock()
			rows += n
			return err
		})
	}
	err = g.Wait()
	return rows, time.Since(began), err
}

// write commits row after row until the time has come, at least one.
func (w *writer) write(ctx context.Context, s shape, until time.Time, numbers *numbers) (rows int64, err error) {
	conn := w.conn.PgConn()
	// The statements run without a context, which would cost more than the
	// rest of the client: the end of ctx breaks the connection instead.
	stop := context.AfterFunc(ctx, func() { _ = conn.Conn().SetDeadline(time.Now()) })
	defer stop()
	fields := make([][]byte, 0, 8)
	for began := time.Now(); rows == 0 || began.Before(until); {
		fields = s.row(fields[:0], numbers.next())
		if _, err := conn.ExecPrepared(context.Background(), insertName, fields, nil, nil).Close(); err != nil {
			if ctx.Err() != nil {
				return rows, context.Cause(ctx)
			}
			return rows, fmt.Errorf("insert a row: %w", err)
		}
		now := time.Now()
		w.latency.Record(now.Sub(began))
		began = now
		rows++
	}
	return rows, nil
}
