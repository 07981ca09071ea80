package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Pool answers queries: one of direct connections, or one of [OpenPooled].
type Pool interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
	Begin(ctx context.Context) (pgx.Tx, error)
	Close()
}

// pooled is what OpenPooled makes.
type pooled struct{ pool *pgxpool.Pool }

// OpenPooled makes a pool of at most size connections, which may lead through a
// transaction pooler. It uses no setting and no prepared statement that belongs
// to a session: each query is a transaction that begins with the settings. It
// connects when first used.
func OpenPooled(ctx context.Context, url, name string, size int32) (Pool, error) {
	pool, err := open(ctx, url, name, size, keepNothing)
	if err != nil {
		return nil, err
	}
	return &pooled{pool}, nil
}

// ConnectPooled opens one connection that may lead through a transaction pooler,
// for work [Within] transactions.
func ConnectPooled(ctx context.Context, url, name string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	adjust(config, name)
	keepNothing(config)
	return pgx.ConnectConfig(ctx, config)
}

// keepNothing has a connection prepare nothing that outlives its transaction. The
// encoding is asked for at once, which poolers take: the one that the role asks
// for may be none that the database can be read in.
func keepNothing(config *pgx.ConnConfig) {
	const encoding = "client_encoding"
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	config.RuntimeParams[encoding] = sessionSettings()[encoding]
}

func (p *pooled) Close() { p.pool.Close() }

func (p *pooled) Begin(ctx context.Context) (pgx.Tx, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := begin(ctx, conn.Conn())
	if err != nil {
		conn.Release()
		return nil, err
	}
	return &pooledTx{tx, conn}, nil
}

// pooledTx gives its connection back when it ends.
type pooledTx struct {
	pgx.Tx
	conn *pgxpool.Conn
}

func (t *pooledTx) Commit(ctx context.Context) error { return t.end(t.Tx.Commit(ctx)) }

func (t *pooledTx) Rollback(ctx context.Context) error { return t.end(t.Tx.Rollback(ctx)) }

func (t *pooledTx) end(err error) error {
	if t.conn != nil {
		t.conn.Release()
		t.conn = nil
	}
	return err
}

func (p *pooled) Exec(ctx context.Context, query string, args ...any) (tag pgconn.CommandTag, err error) {
	err = pgx.BeginFunc(ctx, p, func(tx pgx.Tx) error {
		tag, err = tx.Exec(ctx, query, args...)
		return err
	})
	return tag, err
}

// Query asks, and commits when the rows are closed.
func (p *pooled) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	tx, err := p.Begin(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		rows.Close()
		return nil, errors.Join(err, tx.Rollback(ctx))
	}
	return &pooledRows{Rows: rows, ctx: ctx, tx: tx}, nil
}

// QueryRow asks for one row, and commits when that is scanned.
func (p *pooled) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	rows, err := p.Query(ctx, query, args...)
	return pooledRow{rows, err}
}

// pooledRows end their transaction with the last row, or when they are closed.
type pooledRows struct {
	pgx.Rows
	ctx context.Context //nolint:containedctx // that of the query, as in the rows of pgx
	tx  pgx.Tx
	err error
}

func (r *pooledRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *pooledRows) Close() {
	r.Rows.Close()
	if r.tx == nil {
		return
	}
	if r.err = r.Rows.Err(); r.err == nil {
		r.err = r.tx.Commit(r.ctx)
	} else {
		_ = r.tx.Rollback(r.ctx) // the connection is closed if it fails
	}
	r.tx = nil
}

func (r *pooledRows) Err() error { return cmp.Or(r.Rows.Err(), r.err) }

// pooledRow is the first of some rows.
type pooledRow struct {
	rows pgx.Rows
	err  error
}

func (r pooledRow) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
