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

	"rowcast/internal/auth"
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

// Read asks the database for the columns.
func Read(ctx context.Context, db Database) (Columns, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var types []string
	if err := db.QueryRow(ctx, sql.TenantTypes).Scan(&types); err != nil {
		return nil, fmt.Errorf("read the types of the tenant columns: %w", postgres.Explain(err))
	}
	return types, nil
}

// Names are the canonical names of tenants.
func Names(ctx context.Context, db Database, tenants ...string) ([]string, error) {
	columns, err := Read(ctx, db)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(tenants))
	for i, tenant := range tenants {
		names[i] = columns.Canonical(tenant)
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
	columns atomic.Pointer[Columns] // nil until the first answer
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
func (w *Watcher) Columns() Columns {
	if w == nil {
		return nil
	}
	if known := w.columns.Load(); known != nil {
		return *known
	}
	return nil
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

// Verify brings what verify answers to the canonical names.
func (w *Watcher) Verify(
	verify func(ctx context.Context, token string) (auth.Identity, error),
) func(ctx context.Context, token string) (auth.Identity, error) {
	return func(ctx context.Context, token string) (auth.Identity, error) {
		id, err := verify(ctx, token)
		switch {
		case err != nil:
			return auth.Identity{}, err
		case w.columns.Load() == nil:
			return auth.Identity{}, auth.Refuse(auth.ErrUnavailable, errUnknown)
		}
		return w.Identity(id), nil
	}
}

// Redeem brings what redeem answers to the canonical names.
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
	columns, err := Read(ctx, w.o.Database)
	if err != nil {
		return err
	}
	before := w.columns.Swap(&columns)
	if before != nil && !slices.Equal(*before, columns) {
		w.o.Log.InfoContext(ctx, "the types of the tenant columns have changed; clients that joined before keep the name of their tenant until they come back",
			"types", []string(columns))
	}
	if before == nil || !slices.Equal(*before, columns) {
		w.o.Changed()
	}
	return nil
}

// Run follows the tables until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	for {
		pause := w.o.Interval
		if w.columns.Load() == nil {
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
