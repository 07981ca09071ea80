package work

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

func (w *Writer) statement(ctx context.Context) error {
	hot := int64(1 + w.Rand.IntN(HotRows))
	switch w.Rand.IntN(9) {
	case 0:
		return w.insert(ctx)
	case 1:
		return w.delete(ctx)
	case 2:
		return w.replace(ctx, hot)
	case 3:
		return w.move(ctx, hot)
	case 4:
		return w.upsert(ctx, hot)
	case 5:
		return w.update(ctx, hot, int64(1+w.Rand.IntN(HotRows)), int64(1+w.Rand.IntN(HotRows)))
	case 6: // changes nothing
		_, err := w.Conn.Exec(ctx, w.of("update hot set body = body where id = $1"), hot)
		return err
	default:
		return w.update(ctx, hot)
	}
}

// of names the table in a statement on hot.
func (w *Writer) of(statement string) string { return strings.ReplaceAll(statement, "hot", w.Table) }

// Each runs a statement and notes the rows that it changed.
func (w *Writer) Each(ctx context.Context, op byte, statement string, args ...any) error {
	rows, err := w.Conn.Query(ctx, statement+" returning id, version, tenant_id", args...)
	if err != nil {
		return err
	}
	var f Change
	_, err = pgx.ForEachRow(rows, []any{&f.ID, &f.Version, &f.Tenant}, func() error {
		f.Op = op
		w.Changes = append(w.Changes, f)
		return nil
	})
	return err
}

func (w *Writer) tenant() string { return w.Tenants[w.Rand.IntN(len(w.Tenants))] }

func (w *Writer) update(ctx context.Context, ids ...int64) error {
	return w.Each(ctx, '~', w.of("update hot set version = version + 1, body = $2 where id = any ($1)"), ids, word(w.Rand))
}

// insert makes rows of several tenants with one statement.
func (w *Writer) insert(ctx context.Context) error {
	n := 1 + w.Rand.IntN(5)
	last := w.Ledger.NextIDs(n)
	return w.Each(ctx, '+', w.of("insert into hot (id, tenant_id, version, body) select n, ($3::text[])[1 + n % cardinality($3::text[])], 1, $4 from generate_series($1::int, $2::int) n"),
		last-int64(n)+1, last, w.Tenants, word(w.Rand))
}

// delete deletes some of the rows that it made.
func (w *Writer) delete(ctx context.Context) error {
	n := min(len(w.made), 1+w.Rand.IntN(4))
	some := slices.Clone(w.made[:n])
	w.made = w.made[n:]
	return w.Each(ctx, '-', w.of("delete from hot where id = any ($1)"), some)
}

// replace deletes a row and makes it anew.
func (w *Writer) replace(ctx context.Context, id int64) error {
	before := len(w.Changes)
	err := w.Each(ctx, '-', w.of("delete from hot where id = $1"), id)
	if err != nil || len(w.Changes) == before {
		return err
	}
	gone := w.Changes[before]
	return w.Each(ctx, '+', w.of("insert into hot (id, tenant_id, version, body) values ($1, $2, $3, $4)"), id, gone.Tenant, gone.Version+1, word(w.Rand))
}

// move gives a row to another tenant: one sees it end, the other begin.
func (w *Writer) move(ctx context.Context, id int64) error {
	gone := Change{Op: '-', ID: id}
	err := w.Conn.QueryRow(ctx, w.of("select version, tenant_id from hot where id = $1 for update"), id).Scan(&gone.Version, &gone.Tenant)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	next := w.tenant()
	if err != nil || next == gone.Tenant {
		return err
	}
	w.Changes = append(w.Changes, gone)
	return w.Each(ctx, '+', w.of("update hot set tenant_id = $2, version = version + 1 where id = $1"), id, next)
}

// upsert updates a row and makes one: it fires the triggers of both.
func (w *Writer) upsert(ctx context.Context, id int64) error {
	before := len(w.Changes)
	const rows = "insert into hot (id, tenant_id, version, body) values ($1, $3, 1, $4), ($2, $3, 1, $4) "
	const update = "on conflict (id) do update set version = hot.version + 1, body = excluded.body"
	err := w.Each(ctx, '+', w.of(rows+update), id, w.Ledger.NextIDs(1), w.tenant(), word(w.Rand))
	for i, f := range w.Changes[before:] {
		if f.ID < FirstNewRow {
			w.Changes[before+i].Op = '~'
		}
	}
	return err
}

func word(rng *rand.Rand) string {
	text := make([]byte, 1+rng.IntN(100))
	for i := range text {
		text[i] = byte('a' + rng.IntN(26))
	}
	return string(text)
}
