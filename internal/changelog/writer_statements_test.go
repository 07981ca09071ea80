package changelog_test

import (
	"context"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
)

// made runs a statement that returns the ids and versions it made.
func (w *writer) made(ctx context.Context, statement string, args ...any) error {
	rows, err := w.conn.Query(ctx, statement, args...)
	if err != nil {
		return err
	}
	var id, version int
	_, err = pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		w.keys = append(w.keys, madeKey(id, version))
		return nil
	})
	return err
}

func (w *writer) tenant() string { return modelTenants[w.rng.IntN(len(modelTenants))] }

func (w *writer) update(ctx context.Context, id int) error {
	return w.made(ctx, "update docs set version = version + 1, body = $2 where id = $1 returning id, version", id, word(w.rng))
}

// updateMany changes rows of several tenants.
func (w *writer) updateMany(ctx context.Context) error {
	return w.made(ctx, "update docs set version = version + 1, body = $2 where id = any ($1) returning id, version",
		[]int{1 + w.rng.IntN(hotRows), 1 + w.rng.IntN(hotRows), 1 + w.rng.IntN(hotRows)}, word(w.rng))
}

// move gives a row to a tenant, which may be the one that has it.
func (w *writer) move(ctx context.Context, id int) error {
	tenant := w.tenant()
	rows, err := w.conn.Query(ctx, `
		update docs set version = version + 1, body = tenant_id, tenant_id = $2 where id = $1
		returning version, body`, id, tenant)
	if err != nil {
		return err
	}
	var (
		version int
		from    string
	)
	_, err = pgx.ForEachRow(rows, []any{&version, &from}, func() error {
		if from != tenant {
			w.keys = append(w.keys, deletedKey(id, version-1))
		}
		w.keys = append(w.keys, madeKey(id, version))
		return nil
	})
	return err
}

// replace deletes a row and makes it anew.
func (w *writer) replace(ctx context.Context, id int) error {
	rows, err := w.conn.Query(ctx, "delete from docs where id = $1 returning version", id)
	if err != nil {
		return err
	}
	versions, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(versions) == 0 {
		return err
	}
	w.keys = append(w.keys, deletedKey(id, versions[0]))
	return w.made(ctx, "insert into docs values ($1, $2, $3, $4) returning id, version", id, w.tenant(), word(w.rng), versions[0]+1)
}

// insert adds rows of several tenants.
func (w *writer) insert(ctx context.Context) error {
	n := 1 + w.rng.IntN(5)
	last := int(w.ledger.nextID.Add(int64(n)))
	return w.made(ctx, `
		insert into docs select n, ($3::text[])[1 + n % cardinality($3::text[])], $4, 1
		  from generate_series($1::int, $2::int) n returning id, version`, last-n+1, last, modelTenants, word(w.rng))
}

// upsert fires the triggers of an insert and of an update.
func (w *writer) upsert(ctx context.Context, hot int) error {
	return w.made(ctx, `
		insert into docs values ($1, $3, $4, 1), ($2, $3, $4, 1)
		on conflict (id) do update set version = docs.version + 1, body = excluded.body
		returning id, version`, hot, int(w.ledger.nextID.Add(1)), w.tenant(), word(w.rng))
}

func word(rng *rand.Rand) string {
	text := make([]byte, 1+rng.IntN(40))
	for i := range text {
		text[i] = byte('a' + rng.IntN(26))
	}
	return string(text)
}
