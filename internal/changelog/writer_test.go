package changelog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/postgres"
)

// ledger is what the writers know: which transactions may have committed, and
// what they did.
type ledger struct {
	mu   sync.Mutex
	done []tx
	// nextID draws the ids of new rows.
	nextID atomic.Int64
	// counts is how often what happened.
	counts map[string]int
}

// tx is one transaction.
type tx struct {
	xid  uint64
	keys []string
	span span
	// gid names a prepared transaction.
	gid string
	// unsure says that the connection died while it was to commit.
	unsure bool
}

func newLedger() *ledger {
	l := &ledger{counts: make(map[string]int)}
	l.nextID.Store(firstNewRow)
	return l
}

func (l *ledger) add(d tx) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = append(l.done, d)
}

func (l *ledger) tally(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

// The rows that all writers want, and where other rows begin.
const (
	hotRows     = 6
	ownRows     = 100
	firstNewRow = 1000
)

var modelTenants = []string{"T", "U", "V", "W"}

// writer runs random transactions.
type writer struct {
	number int
	url    string
	ledger *ledger
	rng    *rand.Rand

	conn *pgx.Conn
	keys []string // of the open transaction
}

// run runs n transactions. Whatever the server answers, it goes on.
func (w *writer) run(ctx context.Context, n int) error {
	defer w.hangUp()
	for i := range n {
		if w.conn == nil || w.conn.IsClosed() {
			conn, err := postgres.Connect(ctx, w.url, "writer "+strconv.Itoa(w.number))
			if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code != "57P01" {
				return err
			} else if err != nil { // killed before it was connected, perhaps without a word
				w.ledger.tally("killed while it connected")
				continue
			}
			w.conn = conn
			if _, err := conn.Exec(ctx, "set deadlock_timeout = '20ms'"); err != nil {
				continue
			}
		}
		if err := w.transaction(ctx, i); err != nil {
			var refused *pgconn.PgError
			if !errors.As(err, &refused) {
				w.ledger.tally("connection lost")
				w.hangUp()
				continue
			}
			w.ledger.tally("refused " + refused.Code)
			if refused.Code != "57P01" {
				_, _ = w.conn.Exec(ctx, "rollback")
			}
		}
		// Calm and storm alternate, so that the tails fall asleep and wake up.
		if i%100 < 20 {
			time.Sleep(time.Duration(w.rng.IntN(60)) * time.Millisecond)
		}
	}
	return nil
}

func (w *writer) hangUp() {
	if w.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.conn.Close(ctx)
		w.conn = nil
	}
}

func (w *writer) transaction(ctx context.Context, number int) error {
	isolation := []string{"read committed", "read committed", "repeatable read", "serializable"}[w.rng.IntN(4)]
	w.keys = nil
	d := tx{span: span{began: time.Now()}}
	if _, err := w.conn.Exec(ctx, "begin isolation level "+isolation); err != nil {
		return err
	}
	if w.rng.IntN(4) == 0 {
		if _, err := w.conn.Exec(ctx, "set local synchronous_commit = off"); err != nil {
			return err
		}
	}
	if w.rng.IntN(60) == 0 {
		// A straggler: its identifier is old when it commits.
		w.ledger.tally("straggler")
		if err := w.update(ctx, ownRows+w.number); err != nil {
			return err
		}
		time.Sleep(time.Duration(100+w.rng.IntN(200)) * time.Millisecond)
	}
	for range 1 + w.rng.IntN(4) {
		if err := w.part(ctx); err != nil {
			return err
		}
	}
	if err := w.conn.QueryRow(ctx, "select pg_current_xact_id()::text::bigint").Scan(&d.xid); err != nil {
		return err
	}
	d.keys = w.keys
	switch chance := w.rng.IntN(100); {
	case chance < 10:
		w.ledger.tally("rollback")
		_, err := w.conn.Exec(ctx, "rollback")
		return err
	case chance < 18:
		return w.inTwoPhases(ctx, d, fmt.Sprintf("%s %d %d", w.conn.Config().Database, w.number, number))
	default:
		_, err := w.conn.Exec(ctx, "commit")
		return w.ended(d, "commit", err)
	}
}

// ended writes down how a commit went.
func (w *writer) ended(d tx, what string, err error) error {
	var refused *pgconn.PgError
	switch {
	case err == nil:
		d.span.ended = time.Now()
		w.ledger.tally(what)
	case errors.As(err, &refused) && refused.Code != "57P01":
		return err
	default:
		d.unsure = true
		w.ledger.tally("unsure " + what)
	}
	w.ledger.add(d)
	return err
}

func (w *writer) inTwoPhases(ctx context.Context, d tx, gid string) error {
	d.gid = gid
	if _, err := w.conn.Exec(ctx, "prepare transaction '"+gid+"'"); err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code != "57P01" {
			return err // it rang: that cannot be prepared
		}
		d.unsure = true
		w.ledger.add(d)
		return err
	}
	if w.rng.IntN(4) == 0 {
		w.ledger.tally("rollback prepared")
		_, err := w.conn.Exec(ctx, "rollback prepared '"+gid+"'")
		if err != nil {
			d.unsure = true
			w.ledger.add(d)
		}
		return err
	}
	_, err := w.conn.Exec(ctx, "commit prepared '"+gid+"'")
	if err != nil {
		d.unsure = true
		w.ledger.add(d)
		return err
	}
	return w.ended(d, "commit prepared", nil)
}

// part is a statement, or some within a savepoint.
func (w *writer) part(ctx context.Context) error {
	if w.rng.IntN(5) > 0 {
		return w.statement(ctx)
	}
	if _, err := w.conn.Exec(ctx, "savepoint s"); err != nil {
		return err
	}
	before := len(w.keys)
	for range 1 + w.rng.IntN(2) {
		if err := w.statement(ctx); err != nil {
			return err
		}
	}
	end := "release s"
	if w.rng.IntN(2) == 0 {
		end, w.keys = "rollback to s", w.keys[:before]
		w.ledger.tally("rollback to savepoint")
	}
	_, err := w.conn.Exec(ctx, end)
	return err
}

func (w *writer) statement(ctx context.Context) error {
	hot := 1 + w.rng.IntN(hotRows)
	switch w.rng.IntN(8) {
	case 0:
		return w.updateMany(ctx)
	case 1:
		return w.move(ctx, hot)
	case 2:
		return w.replace(ctx, hot)
	case 3:
		return w.insert(ctx)
	case 4:
		return w.upsert(ctx, hot)
	case 5:
		_, err := w.conn.Exec(ctx, "update docs set body = body where id = $1", hot)
		return err
	default:
		return w.update(ctx, hot)
	}
}
