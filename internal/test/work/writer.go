package work

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/postgres"
)

// The rows that all writers want, and where other rows begin.
const (
	HotRows     = 6
	FirstNewRow = 1000
)

// connectLimit bounds an attempt to connect; another one follows.
const connectLimit = 5 * time.Second

// Writer runs random transactions.
type Writer struct {
	Number int
	URL    string
	// Table has the rows, which belong to Tenants.
	Table   string
	Tenants []string
	Ledger  *Ledger
	Rand    *rand.Rand
	// Every has it use each isolation level, asynchronous commits and prepared
	// transactions too. A crash would lose the asynchronous ones.
	Every bool

	Conn *pgx.Conn
	// Changes are those of the open transaction.
	Changes []Change
	made    []int64 // rows of its own, to be deleted later
}

// Step connects if need be and runs one transaction. The error is why it could not
// connect. Whatever the server says to the transaction, the next one may follow.
func (w *Writer) Step(ctx context.Context) error {
	if err := w.connect(ctx); err != nil {
		w.Ledger.tally("not connected")
		return err
	}
	err := w.transaction(ctx)
	var refused *pgconn.PgError
	switch {
	case err == nil:
	case errors.As(err, &refused) && !w.Conn.IsClosed():
		w.Ledger.tally("refused " + refused.Code)
		if _, err := w.Conn.Exec(ctx, "rollback"); err != nil {
			w.HangUp()
		}
	default:
		w.Ledger.tally("connection lost")
		w.HangUp()
	}
	return nil
}

func (w *Writer) connect(ctx context.Context) error {
	if w.Conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	conn, err := postgres.Connect(ctx, w.URL, fmt.Sprintf("writer %d", w.Number))
	if err != nil {
		return err
	}
	// Nobody may wait for long for the locks of a writer that fell silent.
	if _, err := conn.Exec(ctx, "set deadlock_timeout = '20ms'; set idle_in_transaction_session_timeout = '2s'"); err != nil {
		_ = conn.Close(ctx)
		return err
	}
	w.Conn = conn
	return nil
}

// HangUp ends the connection.
func (w *Writer) HangUp() {
	if w.Conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.Conn.Close(ctx)
		w.Conn = nil
	}
}

func (w *Writer) transaction(ctx context.Context) error {
	w.Changes = nil
	d := Tx{Span: Span{Began: time.Now()}, ID: w.Ledger.NextIDs(1)}
	begin := "begin"
	if w.Every {
		begin += " isolation level " + []string{"read committed", "read committed", "repeatable read", "serializable"}[w.Rand.IntN(4)]
		if w.Rand.IntN(4) == 0 {
			begin += "; set local synchronous_commit = off"
		}
	}
	if _, err := w.Conn.Exec(ctx, begin); err != nil {
		return err
	}
	if w.Rand.IntN(70) == 0 {
		// A straggler: its identifier is old when it commits.
		w.Ledger.tally("straggler")
		if err := w.insert(ctx); err != nil {
			return err
		}
		time.Sleep(time.Duration(50+w.Rand.IntN(250)) * time.Millisecond)
	}
	for range 1 + w.Rand.IntN(4) {
		if err := w.part(ctx); err != nil {
			return err
		}
	}
	err := w.Conn.QueryRow(ctx, "insert into tx_row values ($1) returning pg_current_xact_id()::text::bigint", d.ID).Scan(&d.Tx)
	if err != nil {
		return err
	}
	d.Changes = w.Changes
	switch chance := w.Rand.IntN(100); {
	case chance < 10:
		return w.exec(ctx, "rollback")
	case chance < 18 && w.Every:
		d.gid = fmt.Sprintf("%s %d", w.Conn.Config().Database, d.ID)
		return w.inTwoPhases(ctx, d)
	default:
		return w.commit(ctx, d, "commit")
	}
}

// exec executes a statement, and counts it if that is done.
func (w *Writer) exec(ctx context.Context, statement string) error {
	_, err := w.Conn.Exec(ctx, statement)
	if err == nil {
		w.Ledger.tally(statement)
	}
	return err
}

func (w *Writer) inTwoPhases(ctx context.Context, d Tx) error {
	if _, err := w.Conn.Exec(ctx, "prepare transaction '"+d.gid+"'"); err != nil {
		return w.doubt(d, err) // one that notifies cannot be prepared
	}
	if w.Rand.IntN(4) == 0 {
		w.Ledger.tally("rollback prepared")
		if _, err := w.Conn.Exec(ctx, "rollback prepared '"+d.gid+"'"); err != nil {
			return w.doubt(d, err)
		}
		return nil
	}
	return w.commit(ctx, d, "commit prepared '"+d.gid+"'")
}

// commit notes how a commit went.
func (w *Writer) commit(ctx context.Context, d Tx, statement string) error {
	if _, err := w.Conn.Exec(ctx, statement); err != nil {
		return w.doubt(d, err)
	}
	d.Span.Ended = time.Now()
	w.Ledger.tally("commit")
	w.Ledger.Add(d)
	for _, f := range d.Changes {
		if f.Op == '+' && f.ID >= FirstNewRow {
			w.made = append(w.made, f.ID)
		}
	}
	return nil
}

// doubt notes a transaction of which nobody knows whether it commits, unless the
// server has refused it. It returns the error.
func (w *Writer) doubt(d Tx, err error) error {
	const ended = "57" // the class of a session that the server ends
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code[:2] != ended {
		return err
	}
	d.Unsure = true
	w.Ledger.tally("unsure")
	w.Ledger.Add(d)
	return err
}

// part is a statement, or some within a savepoint.
func (w *Writer) part(ctx context.Context) error {
	if w.Rand.IntN(5) > 0 {
		return w.statement(ctx)
	}
	if _, err := w.Conn.Exec(ctx, "savepoint s"); err != nil {
		return err
	}
	before := len(w.Changes)
	for range 1 + w.Rand.IntN(2) {
		if err := w.statement(ctx); err != nil {
			return err
		}
	}
	if w.Rand.IntN(2) == 0 {
		w.Changes = w.Changes[:before]
		return w.exec(ctx, "rollback to s")
	}
	_, err := w.Conn.Exec(ctx, "release s")
	return err
}
