package changelog

import (
	"context"
	"errors"
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
	// without a word is noticed then. A seal that takes longer gets twice the
	// time when it is tried again, up to longestSeal.
	sealTimeout = 8 * time.Second
	readTimeout = 30 * time.Second
	longestSeal = 10 * time.Minute
	// moment is how long a replica that heard a writer waits for the leader.
	moment = 25 * time.Millisecond
	// breath is the pause after rings that meant nothing.
	breath = 5 * time.Millisecond
	// longestPoll is the pause between polls after a while without changes.
	longestPoll = 25 * time.Millisecond
)

// sealQuery seals and has the commit wait for the disk, whatever the default of
// the database is. A stronger default stays.
const sealQuery = `
	select set_config('synchronous_commit', case s.now when 'off' then 'on' else s.now end, true), rowcast.seal()
	  from (select current_setting('synchronous_commit') as now) s`

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
// how many transactions there were, and whether it was able to seal: another
// session that is sealing may have begun before the last commit.
func (t *Tail) step(ctx context.Context, conn *pgx.Conn, seal bool) (transactions int, complete bool, err error) {
	complete = true
	if seal {
		place, err := t.seal(ctx, conn)
		if err != nil {
			return 0, false, err
		}
		complete = place != nil
		switch {
		case complete && *place < t.place:
			return 0, false, fmt.Errorf("the head went back from place %d to %d: %w", t.place, *place, feed.ErrDiverged)
		case complete && *place == t.place:
			t.checked()
			return 0, true, nil
		}
	}
	for {
		rows, n, err := t.read(ctx, conn)
		transactions += n
		if err != nil {
			return transactions, false, err
		}
		if rows < pageRows {
			if complete {
				t.checked()
			}
			return transactions, complete, nil
		}
	}
}

// seal returns the newest place, nil if another session is sealing.
func (t *Tail) seal(ctx context.Context, conn *pgx.Conn) (place *int64, err error) {
	sealing, cancel := context.WithTimeout(ctx, t.sealLimit)
	defer cancel()
	if err := conn.QueryRow(sealing, sealQuery).Scan(nil, &place); err != nil {
		if errors.Is(sealing.Err(), context.DeadlineExceeded) {
			t.sealLimit = min(2*t.sealLimit, longestSeal)
		}
		return nil, fmt.Errorf("seal the change log: %w", err)
	}
	t.sealLimit = sealTimeout
	return place, nil
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
