package changelog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/feed"
	"rowcast/sql"
)

const (
	// pageRows is how many log rows one query reads.
	pageRows = 256
	// publishBytes is how much is collected before it is published.
	publishBytes = 1 << 20
	// sealTimeout and readTimeout bound a query: a connection that died
	// without a word is noticed then.
	sealTimeout = 8 * time.Second
	readTimeout = 30 * time.Second
	// moment is how long a replica that heard a writer waits for the leader.
	moment = 25 * time.Millisecond
	// longestPoll is the pause between polls after a while without changes.
	longestPoll = 25 * time.Millisecond
)

// follow reads the log over one connection until that fails.
func (t *Tail) follow(ctx context.Context) error {
	connecting, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	conn, err := t.o.Connect(connecting)
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	t.doorbell.own.Store(conn.PgConn().PID())
	if err := t.start(connecting, conn); err != nil {
		return err
	}
	if _, err := t.step(ctx, conn, true); err != nil {
		return err
	}
	t.live(true, "")
	f := follower{Tail: t, conn: conn, seal: true}
	return f.loop(ctx)
}

// start finds where to go on. It answers ErrDiverged if what was published
// before is no longer what the log says.
func (t *Tail) start(ctx context.Context, conn *pgx.Conn) error {
	var (
		id          string
		head, nonce int64
		known       *int64
	)
	if err := conn.QueryRow(ctx, sql.Start, t.place).Scan(&id, &head, &nonce, &known); err != nil {
		return fmt.Errorf("find the head of the change log: %w", err)
	}
	switch {
	case t.feed == "":
		t.feed, t.place, t.nonce, t.tables = id, head, nonce, nil
		t.o.Publish(nil, t.place)
	case t.feed != id:
		return fmt.Errorf("feed %s became %s: %w", t.feed, id, feed.ErrDiverged)
	case t.place > 0 && (known == nil || *known != t.nonce):
		return fmt.Errorf("place %d is not what it was: %w", t.place, feed.ErrDiverged)
	}
	return nil
}

// step seals, if asked, and publishes everything that is sealed. It returns
// how many transactions there were.
func (t *Tail) step(ctx context.Context, conn *pgx.Conn, seal bool) (transactions int, err error) {
	if seal {
		sealing, cancel := context.WithTimeout(ctx, sealTimeout)
		defer cancel()
		var place *int64
		if err := conn.QueryRow(sealing, "select rowcast.seal()").Scan(&place); err != nil {
			return 0, fmt.Errorf("seal the change log: %w", err)
		}
		if place != nil && *place <= t.place {
			t.checked()
			return 0, nil
		}
	}
	for {
		rows, n, err := t.read(ctx, conn)
		transactions += n
		if err != nil {
			return transactions, err
		}
		if rows < pageRows {
			t.checked()
			return transactions, nil
		}
	}
}

// read publishes one page.
func (t *Tail) read(ctx context.Context, conn *pgx.Conn) (count, transactions int, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	rows, err := conn.Query(ctx, sql.SealedAfter, t.place, t.o.BulkRows, pageRows)
	if err != nil {
		return 0, 0, fmt.Errorf("read the change log after place %d: %w", t.place, err)
	}
	defer rows.Close()
	var (
		changes []feed.Change
		bytes   int
		tx      uint64
	)
	place, nonce := t.place, t.nonce
	publish := func() {
		t.o.Publish(changes, place)
		t.place, t.nonce = place, nonce
		changes, bytes = nil, 0
	}
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return count, transactions, err
		}
		if r.place != place+1 {
			return count, transactions, fmt.Errorf("place %d follows %d: %w", r.place, place, feed.ErrDiverged)
		}
		w, err := t.tables.find(ctx, t.o.Pool, r.watched)
		if err != nil {
			return count, transactions, err
		}
		if r.tx != tx {
			tx = r.tx
			transactions++
		}
		changes = r.appendChanges(changes, t.feed, w, int64(t.o.BulkRows), 0)
		place, nonce = r.place, r.nonce
		bytes += r.size()
		count++
		if bytes >= publishBytes {
			publish()
		}
	}
	if err := rows.Err(); err != nil {
		return count, transactions, fmt.Errorf("read the change log after place %d: %w", place, err)
	}
	if place > t.place {
		publish()
	}
	return count, transactions, nil
}
