package tenant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/access/auth"
	"rowcast/internal/postgres"
	"rowcast/sql"
)

const (
	// interval is the default of Options.Interval, eager the time between two questions
	// before the first answer.
	interval, eager = 10 * time.Second, time.Second
	// askTimeout bounds a question.
	askTimeout = 5 * time.Second
)

// errUnknown is why tokens are refused before the first answer.
var errUnknown = errors.New("the types of the tenant columns have not been read yet")

// Database answers queries; a pool and a connection do.
type Database interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// tables is what is known of the watched tables.
type tables struct {
	columns Columns
	// stems are those of the names of their events.
	stems []string
}

// read asks the database for the tables.
func read(ctx context.Context, db Database) (t tables, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := db.QueryRow(ctx, sql.TenantTypes).Scan((*[]string)(&t.columns), &t.stems); err != nil {
		return tables{}, fmt.Errorf("read the types of the tenant columns: %w", postgres.Explain(err))
	}
	return t, nil
}

// Names are the canonical names of tenants.
func Names(ctx context.Context, db Database, tenants ...string) ([]string, error) {
	known, err := read(ctx, db)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(tenants))
	for i, tenant := range tenants {
		names[i] = known.columns.Canonical(tenant)
	}
	return names, nil
}

// Options of a Watcher. Database and Log are required.
type Options struct {
	Database Database
	Log      *slog.Logger
	// Changed is called when the columns have changed.
	Changed func()
	// Interval is the time between two questions. Zero means 10 s.
	Interval time.Duration
}

// Watcher keeps the columns. See the package documentation. Nil takes every tenant as
// it is.
type Watcher struct {
	o       Options
	tables  atomic.Pointer[tables] // nil until the first answer
	failing bool
}

// New makes a watcher that knows nothing yet.
func New(o Options) *Watcher {
	o.Interval = cmp.Or(o.Interval, interval)
	if o.Changed == nil {
		o.Changed = func() {}
	}
	return &Watcher{o: o}
}

// Columns are the newest that are known.
func (w *Watcher) Columns() Columns { return w.known().columns }

// Stems are those of the events of the watched tables that are known.
func (w *Watcher) Stems() []string { return w.known().stems }

func (w *Watcher) known() tables {
	if w != nil {
		if known := w.tables.Load(); known != nil {
			return *known
		}
	}
	return tables{}
}

// Canonical is that of the columns.
func (w *Watcher) Canonical(tenant string) string { return w.Columns().Canonical(tenant) }

// Doubt is that of the columns.
func (w *Watcher) Doubt(tenant string) string { return w.Columns().Doubt(tenant) }

// Identity is id with the canonical names of its tenants.
func (w *Watcher) Identity(id auth.Identity) auth.Identity {
	columns := w.Columns()
	var tenants []string
	for _, tenant := range id.Tenants {
		if tenant = columns.Canonical(tenant); !slices.Contains(tenants, tenant) {
			tenants = append(tenants, tenant)
		}
	}
	id.Tenants = tenants
	return id
}

// Verify brings what verify returns to the canonical names.
func (w *Watcher) Verify(
	verify func(ctx context.Context, token string) (auth.Identity, error),
) func(ctx context.Context, token string) (auth.Identity, error) {
	return func(ctx context.Context, token string) (auth.Identity, error) {
		id, err := verify(ctx, token)
		switch {
		case err != nil:
			return auth.Identity{}, err
		case w.tables.Load() == nil:
			return auth.Identity{}, auth.Refuse(auth.ErrUnavailable, errUnknown)
		}
		return w.Identity(id), nil
	}
}

// Redeem brings what redeem returns to the canonical names.
func (w *Watcher) Redeem(redeem func(ticket string) (auth.Identity, bool)) func(ticket string) (auth.Identity, bool) {
	return func(ticket string) (auth.Identity, bool) {
		id, ok := redeem(ticket)
		if !ok {
			return auth.Identity{}, false
		}
		return w.Identity(id), true
	}
}

// Load asks the database now. It must not be called while Run runs.
func (w *Watcher) Load(ctx context.Context) error {
	now, err := read(ctx, w.o.Database)
	if err != nil {
		return err
	}
	before := w.tables.Swap(&now)
	if before != nil && !slices.Equal(before.columns, now.columns) {
		w.o.Log.InfoContext(ctx, "the types of the tenant columns have changed; clients that joined before keep the name of their tenant until they come back",
			"types", []string(now.columns))
	}
	if before == nil || !slices.Equal(before.columns, now.columns) {
		w.o.Changed()
	}
	return nil
}

// Run follows the tables until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	for {
		pause := w.o.Interval
		if w.tables.Load() == nil {
			pause = min(pause, eager)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			w.look(ctx)
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// look asks once and logs what has changed.
func (w *Watcher) look(ctx context.Context) {
	err := w.Load(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil && !w.failing:
		w.failing = true
		w.o.Log.WarnContext(ctx, "the types of the tenant columns cannot be read", "error", err)
	case err == nil && w.failing:
		w.failing = false
		w.o.Log.InfoContext(ctx, "the types of the tenant columns can be read again")
	}
}
