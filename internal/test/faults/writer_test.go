package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/postgres"
)

// writer runs random transactions and survives the loss of its database.
type writer struct {
	number int
	dsn    string
	ledger *ledger
	nextID *atomic.Int64
	rng    *rand.Rand
	// pause is the longest pause between two transactions.
	pause time.Duration

	conn    *pgx.Conn
	changes []change // of the open transaction
	made    []int64  // rows of its own, to be deleted later
}

// run runs transactions until stop is closed; one that has begun is ended.
func (w *writer) run(ctx context.Context, stop <-chan struct{}) {
	defer w.hangUp()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(w.rng.Int64N(int64(w.pause)))):
		}
		if !w.connected(ctx) {
			continue
		}
		err := w.transaction(ctx)
		var refused *pgconn.PgError
		switch {
		case err == nil:
		case errors.As(err, &refused) && !w.conn.IsClosed():
			w.ledger.tally("refused " + refused.Code)
			if _, err := w.conn.Exec(ctx, "rollback"); err != nil {
				w.hangUp()
			}
		default:
			w.ledger.tally("connection lost")
			w.hangUp()
		}
	}
}

// connected connects if need be. It is false if that fails.
func (w *writer) connected(ctx context.Context) bool {
	if w.conn != nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := postgres.Connect(ctx, w.dsn, fmt.Sprintf("writer %d", w.number))
	if err != nil {
		return false
	}
	// Nobody may wait for long for the locks of a writer that fell silent.
	if _, err := conn.Exec(ctx, "set deadlock_timeout = '50ms'; set idle_in_transaction_session_timeout = '2s'"); err != nil {
		_ = conn.Close(ctx)
		return false
	}
	w.conn = conn
	return true
}

func (w *writer) hangUp() {
	if w.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.conn.Close(ctx)
		w.conn = nil
	}
}

func (w *writer) transaction(ctx context.Context) error {
	w.changes = nil
	d := tx{span: span{began: time.Now()}}
	if _, err := w.conn.Exec(ctx, "begin"); err != nil {
		return err
	}
	if w.rng.IntN(80) == 0 {
		// A straggler: its identifier is old when it commits.
		w.ledger.tally("straggler")
		if err := w.insert(ctx); err != nil {
			return err
		}
		time.Sleep(time.Duration(50+w.rng.IntN(200)) * time.Millisecond)
	}
	for range 1 + w.rng.IntN(3) {
		if err := w.part(ctx); err != nil {
			return err
		}
	}
	d.id = w.nextID.Add(1)
	err := w.conn.QueryRow(ctx, "insert into tx_row values ($1) returning pg_current_xact_id()::text::bigint", d.id).Scan(&d.tx)
	if err != nil {
		return err
	}
	if w.rng.IntN(10) == 0 {
		w.ledger.tally("rollback")
		_, err := w.conn.Exec(ctx, "rollback")
		return err
	}
	d.changes = w.changes
	_, err = w.conn.Exec(ctx, "commit")
	var refused *pgconn.PgError
	switch {
	case err == nil:
		d.span.ended = time.Now()
		w.ledger.tally("commit")
	case errors.As(err, &refused) && refused.Code[:2] != "57": // 57: the server ends the session
		return err
	default:
		d.unsure = true
		w.ledger.tally("unsure")
	}
	w.ledger.add(d)
	for _, f := range d.changes {
		if f.op == '+' && f.id >= firstNewRow && !d.unsure {
			w.made = append(w.made, f.id)
		}
	}
	return err
}

// part is a statement, or some within a savepoint.
func (w *writer) part(ctx context.Context) error {
	if w.rng.IntN(6) > 0 {
		return w.statement(ctx)
	}
	if _, err := w.conn.Exec(ctx, "savepoint s"); err != nil {
		return err
	}
	before := len(w.changes)
	for range 1 + w.rng.IntN(2) {
		if err := w.statement(ctx); err != nil {
			return err
		}
	}
	end := "release s"
	if w.rng.IntN(2) == 0 {
		w.ledger.tally("rollback to savepoint")
		end, w.changes = "rollback to s", w.changes[:before]
	}
	_, err := w.conn.Exec(ctx, end)
	return err
}

func (w *writer) statement(ctx context.Context) error {
	hot := 1 + w.rng.IntN(hotRows)
	switch w.rng.IntN(8) {
	case 0:
		return w.insert(ctx)
	case 1:
		return w.delete(ctx)
	case 2:
		return w.replace(ctx, hot)
	case 3:
		return w.move(ctx, hot)
	case 4:
		return w.each(ctx, '~', "update hot set version = version + 1 where id between $1 and $1 + 2 returning id, version, tenant_id", hot)
	default:
		return w.each(ctx, '~', "update hot set version = version + 1 where id = $1 returning id, version, tenant_id", hot)
	}
}

// each runs a statement that answers the id, version and tenant of the rows
// that it changed.
func (w *writer) each(ctx context.Context, op byte, query string, args ...any) error {
	rows, err := w.conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	f := change{op: op}
	_, err = pgx.ForEachRow(rows, []any{&f.id, &f.version, &f.tenant}, func() error {
		w.changes = append(w.changes, f)
		return nil
	})
	return err
}

func (w *writer) tenant() string { return tenants[w.rng.IntN(len(tenants))] }

// insert makes some rows with one statement.
func (w *writer) insert(ctx context.Context) error {
	n := int64(1 + w.rng.IntN(4))
	last := w.nextID.Add(n)
	return w.each(ctx, '+', "insert into hot select n, $3, 1, repeat('x', $4) from generate_series($1::int, $2::int) n returning id, version, tenant_id",
		last-n+1, last, w.tenant(), w.rng.IntN(300))
}

// delete deletes some of the rows that it made.
func (w *writer) delete(ctx context.Context) error {
	n := min(len(w.made), 1+w.rng.IntN(4))
	some := slices.Clone(w.made[:n])
	w.made = w.made[n:]
	return w.each(ctx, '-', "delete from hot where id = any($1) returning id, version, tenant_id", some)
}

// replace deletes a row and makes it anew.
func (w *writer) replace(ctx context.Context, id int) error {
	before := len(w.changes)
	err := w.each(ctx, '-', "delete from hot where id = $1 returning id, version, tenant_id", id)
	if err != nil || len(w.changes) == before {
		return err
	}
	gone := w.changes[before]
	return w.each(ctx, '+', "insert into hot values ($1, $2, $3) returning id, version, tenant_id", id, gone.tenant, gone.version+1)
}

// move gives a row to another tenant: one sees it end, the other begin.
func (w *writer) move(ctx context.Context, id int) error {
	gone := change{op: '-', id: int64(id)}
	err := w.conn.QueryRow(ctx, "select version, tenant_id from hot where id = $1 for update", id).Scan(&gone.version, &gone.tenant)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	next := w.tenant()
	if next == gone.tenant {
		return nil
	}
	w.changes = append(w.changes, gone)
	return w.each(ctx, '+', "update hot set tenant_id = $2, version = version + 1 where id = $1 returning id, version, tenant_id", id, next)
}
