package faults_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// change is what happened to a row: it was created or updated to a version, or
// deleted at it.
type change struct {
	tenant  string
	tx      uint64
	op      byte // '+', '~' or '-'
	id      int64
	version int
}

func (f change) String() string {
	return fmt.Sprintf("%s tx %d %c%d.%d", f.tenant, f.tx, f.op, f.id, f.version)
}

// span is when a transaction ran, seen by its client. The end of one whose
// commit got no answer is unknown.
type span struct{ began, ended time.Time }

// tx is one transaction, with a row of table tx_row: an id of PostgreSQL would
// not tell it from others, as those of transactions that a crash undid are used
// again.
type tx struct {
	id      int64
	tx      uint64
	changes []change
	span    span
	// unsure: the connection died while it was to commit.
	unsure bool
}

// ledger is what the writers know.
type ledger struct {
	mu  sync.Mutex
	txs []tx
	// counts is how often what happened.
	counts map[string]int
}

func newLedger() *ledger { return &ledger{counts: make(map[string]int)} }

func (l *ledger) add(d tx) {
	for i := range d.changes {
		d.changes[i].tx = d.tx
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.txs = append(l.txs, d)
}

func (l *ledger) tally(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

// committed is how many transactions have committed for sure.
func (l *ledger) committed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts["commit"]
}

// resolve asks the database what became of the transactions without an answer
// and forgets those that did not commit.
func (l *ledger) resolve(ctx context.Context, conn *pgx.Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.txs[:0]
	for _, d := range l.txs {
		if d.unsure {
			// It waits for the transaction if that still runs.
			tag, err := conn.Exec(ctx, "insert into tx_row values ($1) on conflict do nothing", d.id)
			if err != nil {
				return fmt.Errorf("ask for transaction %d: %w", d.tx, err)
			}
			if tag.RowsAffected() > 0 {
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

// changes are those of all transactions, and when each of them ran.
func (l *ledger) changes() (changes []change, spans map[uint64]span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	spans = make(map[uint64]span, len(l.txs))
	for _, d := range l.txs {
		changes = append(changes, d.changes...)
		spans[d.tx] = d.span
	}
	return changes, spans
}
