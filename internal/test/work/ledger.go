package work

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Change is what happened to a row: it was created or updated to a version, or
// deleted at it.
type Change struct {
	Tenant  string
	Tx      uint64
	Op      byte // '+', '~' or '-'
	ID      int64
	Version int
}

func (f Change) String() string {
	return fmt.Sprintf("%s tx %d %c%d.%d", f.Tenant, f.Tx, f.Op, f.ID, f.Version)
}

// Span is when a transaction ran, seen by its client. The end of one whose
// commit got no answer is unknown.
type Span struct{ Began, Ended time.Time }

// Tx is one transaction. Its row in the table tx_row has an id of its own: that of
// PostgreSQL is used again after a crash that undid the transaction.
type Tx struct {
	ID      int64
	Tx      uint64
	Changes []Change
	Span    Span
	// Unsure: the connection died while it was to commit.
	Unsure bool
	// gid names a prepared transaction.
	gid string
}

// Ledger is what the writers know.
type Ledger struct {
	ids *atomic.Int64

	mu  sync.Mutex
	txs []Tx
	// counts is how often what happened.
	counts map[string]int
}

// NewLedger makes one without transactions. The ids of rows and of transactions are
// drawn from what is given, one for each database.
func NewLedger(ids *atomic.Int64) *Ledger { return &Ledger{ids: ids, counts: make(map[string]int)} }

// NextIDs draws n ids and returns the last: of new rows, or of a transaction.
func (l *Ledger) NextIDs(n int) (last int64) {
	l.ids.CompareAndSwap(0, FirstNewRow)
	return l.ids.Add(int64(n))
}

// TxRows is the statement that makes the table of the transactions.
const TxRows = `create table tx_row (id int primary key)`

// Add notes a transaction that has committed, or may have.
func (l *Ledger) Add(d Tx) {
	for i := range d.Changes {
		d.Changes[i].Tx = d.Tx
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.txs = append(l.txs, d)
}

// tally counts what happened.
func (l *Ledger) tally(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

// Counts is how often what happened.
func (l *Ledger) Counts() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

// Committed is how many transactions of writers have committed for sure.
func (l *Ledger) Committed() int { return l.Counts()["commit"] }

// Beside runs a transaction beside those of the writers, and notes it.
func (l *Ledger) Beside(ctx context.Context, conn *pgx.Conn, f func(w *Writer) error) (Tx, error) {
	w := Writer{Conn: conn, Ledger: l}
	d := Tx{Span: Span{Began: time.Now()}}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := f(&w); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "select pg_current_xact_id()::text::bigint").Scan(&d.Tx)
	})
	if err != nil {
		return d, err
	}
	d.Changes, d.Span.Ended = w.Changes, time.Now()
	l.Add(d)
	return d, nil
}

// Resolve asks the database what became of the transactions without an answer
// and forgets those that did not commit. Prepared ones are committed.
func (l *Ledger) Resolve(ctx context.Context, conn *pgx.Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.txs[:0]
	for _, d := range l.txs {
		if d.Unsure {
			undone, err := d.undone(ctx, conn)
			if err != nil {
				return fmt.Errorf("ask for transaction %d: %w", d.Tx, err)
			}
			if undone {
				l.counts["unsure, aborted"]++
				continue
			}
			l.counts["unsure, committed"]++
		}
		kept = append(kept, d)
	}
	l.txs = kept
	return nil
}

// undone says whether the transaction did not commit. It waits for its end.
func (d *Tx) undone(ctx context.Context, conn *pgx.Conn) (bool, error) {
	const lockNotAvailable = "55P03"
	for {
		var prepared bool
		err := conn.QueryRow(ctx, "select exists (select from pg_prepared_xacts where gid = $1)", d.gid).Scan(&prepared)
		if err == nil && prepared {
			_, err = conn.Exec(ctx, "commit prepared '"+d.gid+"'")
		}
		if err != nil {
			return false, err
		}
		// It may be prepared while this waits for it.
		tag, err := conn.Exec(ctx, fmt.Sprintf("set local lock_timeout = '100ms'; insert into tx_row values (%d) on conflict do nothing", d.ID))
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != lockNotAvailable {
			return tag.RowsAffected() > 0, err
		}
	}
}

// Transactions are all that are noted.
func (l *Ledger) Transactions() []Tx {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Tx(nil), l.txs...)
}

// Changes are those of all transactions, and when each of them ran.
func (l *Ledger) Changes() (changes []Change, spans map[uint64]Span) {
	spans = make(map[uint64]Span)
	for _, d := range l.Transactions() {
		changes = append(changes, d.Changes...)
		spans[d.Tx] = d.Span
	}
	return changes, spans
}
