package bind

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/singleflight"

	"rowcast/internal/postgres"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/where"
	"rowcast/sql"
)

const (
	// keep is how long a view is given to further clients.
	keep = 10 * time.Second
	// maxKept bounds the views that are kept.
	maxKept = 4096
	// timeout bounds the questions for one filter.
	timeout = 5 * time.Second
	// nul is in no value of PostgreSQL.
	nul = "\x00"
)

// Database answers queries; a pool does.
type Database interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// Binder binds filters. It is safe for concurrent use.
type Binder struct {
	db    Database
	binds singleflight.Group

	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	view *view.View
	at   time.Time
}

// New makes a Binder.
func New(db Database) *Binder { return &Binder{db: db, kept: make(map[string]kept)} }

// Bind makes a view of a filter, the text of where, of somebody who may know of the columns
// that a viewer sees; nil sees all.
func (b *Binder) Bind(ctx context.Context, text []byte, viewer *policy.Viewer) (*view.View, error) {
	f, err := where.Parse(text)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what is wrong with the filter
	}
	key := f.Canonical()
	if viewer != nil {
		key += viewer.Mask()
	}
	if v := b.find(key); v != nil {
		return v, nil
	}
	answer := b.binds.DoChan(key, func() (any, error) {
		// The end of binding must not depend on one of those who wait.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		return b.bind(ctx, f, viewer, key)
	})
	select {
	case bound := <-answer:
		if bound.Err != nil {
			return nil, bound.Err
		}
		return bound.Val.(*view.View), nil //nolint:forcetypeassert // bind returns nothing else
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find is a view that was bound a moment ago, nil if there is none.
func (b *Binder) find(key string) *view.View {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k := b.kept[key]; time.Since(k.at) < keep {
		return k.view
	}
	return nil
}

func (b *Binder) bind(ctx context.Context, f *where.Filter, viewer *policy.Viewer, key string) (*view.View, error) {
	tables, err := b.columns(ctx)
	if err != nil {
		return nil, err
	}
	if viewer != nil {
		hide(tables, viewer)
	}
	bound, err := f.Bind(ctx, tables, b.written)
	if err != nil {
		return nil, err //nolint:wrapcheck // as Parse
	}
	v := view.New(where.Key(bound), bound)
	b.mu.Lock()
	defer b.mu.Unlock()
	for other, k := range b.kept {
		if len(b.kept) >= maxKept || time.Since(k.at) >= keep {
			delete(b.kept, other)
		}
	}
	b.kept[key] = kept{v, time.Now()}
	return v, nil
}

// hide takes away what a viewer never sees: for it, that does not exist.
func hide(tables map[string]map[string]where.Column, viewer *policy.Viewer) {
	for stem, columns := range tables {
		seen := viewer.OfStem(stem)
		if seen.None() {
			delete(tables, stem)
			continue
		}
		maps.DeleteFunc(columns, func(name string, _ where.Column) bool { return !seen.Columns().Has(name) })
	}
}

// columns reads the columns of the watched tables, by stem.
func (b *Binder) columns(ctx context.Context) (map[string]map[string]where.Column, error) {
	tables := map[string]map[string]where.Column{}
	rows, err := b.db.Query(ctx, sql.Columns)
	if err != nil {
		return nil, fmt.Errorf("read the columns of the watched tables: %w", postgres.Explain(err))
	}
	var stem, name, kind string
	var c where.Column
	_, err = pgx.ForEachRow(rows, []any{&stem, &name, &c.Type, &c.OID, &c.Modifier, &kind}, func() error {
		c.Kind = kindOf(kind)
		if tables[stem] == nil {
			tables[stem] = map[string]where.Column{}
		}
		if other, twice := tables[stem][name]; twice && other != c { // of another table with the stem
			c.Kind = where.Other
		}
		tables[stem][name] = c
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the columns of the watched tables: %w", postgres.Explain(err))
	}
	return tables, nil
}

// kindOf is the kind of a column by its word in the query.
func kindOf(word string) where.Kind {
	switch word {
	case "text":
		return where.Text
	case "number":
		return where.Number
	case "time":
		return where.Time
	case "alike":
		return where.Alike
	}
	return where.Other
}

// written asks the database how the log writes the values of a filter.
func (b *Binder) written(ctx context.Context, wanted []where.Wanted) ([]json.RawMessage, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	types, modifiers, texts := make([]uint32, len(wanted)), make([]int32, len(wanted)), make([]string, len(wanted))
	for i, w := range wanted {
		types[i], modifiers[i], texts[i] = w.Column.OID, w.Column.Modifier, strings.ReplaceAll(w.Text, nul, "")
	}
	var answer []*string
	if err := b.db.QueryRow(ctx, sql.WrittenValues, types, modifiers, texts).Scan(&answer); err != nil {
		return nil, fmt.Errorf("write the values of a filter: %w", postgres.Explain(err))
	}
	values := make([]json.RawMessage, len(wanted))
	for i, text := range answer {
		if text != nil && !strings.Contains(wanted[i].Text, nul) {
			values[i] = json.RawMessage(*text)
		}
	}
	return values, nil
}
