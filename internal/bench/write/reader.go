package write

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/bench/child"
	"rowcast/internal/changelog"
	"rowcast/internal/feed"
	"rowcast/internal/postgres"
)

// Reader follows what is written, in a process of its own, and counts the rows.
// It is a service for package child.
type Reader struct {
	// URL leads directly to the database.
	URL string
	Log *slog.Logger

	rows atomic.Int64
	once sync.Once
}

// FollowArgs says what to follow: the table that Rowcast watches, or the
// notifications if there is none.
type FollowArgs struct{ Table string }

// readyTime bounds the start of a reader.
const readyTime = 30 * time.Second

// Follow begins to read and answers when it is ready. It can be called once;
// the reader ends with its process.
func (r *Reader) Follow(args FollowArgs, _ *child.Nothing) error {
	ready, failed := make(chan struct{}), make(chan error, 1)
	follow := func() error { return r.listen(context.Background(), ready) }
	if args.Table != "" {
		follow = func() error { return r.tail(context.Background(), args.Table, ready) }
	}
	go func() { failed <- follow() }()
	select {
	case <-ready:
		return nil
	case err := <-failed:
		return err
	case <-time.After(readyTime):
		return errors.New("the reader is not ready after " + readyTime.String())
	}
}

// Rows answers how many rows have been read.
func (r *Reader) Rows(_ child.Nothing, n *int64) error {
	*n = r.rows.Load()
	return nil
}

// tail reads as a server does: it seals, reads and publishes, to nobody.
func (r *Reader) tail(ctx context.Context, table string, ready chan struct{}) error {
	pool, err := postgres.Open(ctx, r.URL, "rowcast-bench history", 2)
	if err != nil {
		return err
	}
	defer pool.Close()
	dial := func(name string) func(ctx context.Context) (*pgx.Conn, error) {
		return func(ctx context.Context) (*pgx.Conn, error) { return postgres.Connect(ctx, r.URL, name) }
	}
	return changelog.New(changelog.Options{
		Connect: dial("rowcast-bench tail"), Listen: dial("rowcast-bench listen"), Pool: pool, Log: r.Log,
		Publish: func(changes []feed.Change, _ int64) {
			var n int64
			for i := range changes {
				if changes[i].Table == table {
					n += changes[i].Rows()
				}
			}
			r.rows.Add(n)
		},
		Live: func(live bool) {
			if live {
				r.once.Do(func() { close(ready) })
			}
		},
	}).Run(ctx)
}

// listen counts the notifications of the usual trigger.
func (r *Reader) listen(ctx context.Context, ready chan struct{}) error {
	conn, err := postgres.Connect(ctx, r.URL, "rowcast-bench listen")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "listen rowcast_bench"); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	close(ready)
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("wait for a notification: %w", err)
		}
		r.rows.Add(1)
	}
}
