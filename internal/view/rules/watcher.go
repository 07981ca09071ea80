package rules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/sql"
)

const (
	// interval is the default of Options.Interval.
	interval = 500 * time.Millisecond
	// timeout bounds a question.
	timeout = 5 * time.Second
)

// Database answers queries; a pool does.
type Database interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// Options of a Watcher. Database and Log are required.
type Options struct {
	Database Database
	Log      *slog.Logger
	// Changed is called when the rules are others, before anything is sent by them. It may
	// wait.
	Changed func()
	// Interval is the time between two questions. Zero means 500 ms.
	Interval time.Duration
}

// Watcher follows the rules. It is safe for concurrent use.
type Watcher struct {
	o Options

	withholds atomic.Bool

	mu      sync.Mutex
	version int64
	failing bool
}

// New makes a watcher that knows of no rules.
func New(o Options) *Watcher {
	o.Interval = cmp.Or(o.Interval, interval)
	if o.Changed == nil {
		o.Changed = func() {}
	}
	return &Watcher{o: o}
}

// Withholds says whether there is a rule by which events are withheld.
func (w *Watcher) Withholds() bool { return w.withholds.Load() }

// Load asks for the rules now.
func (w *Watcher) Load(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lookLocked(ctx)
}

// Take returns when the server follows a version of the rules, or a newer one.
func (w *Watcher) Take(ctx context.Context, version int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if version <= w.version {
		return nil
	}
	return w.lookLocked(ctx)
}

// Forget begins anew, as the database may be another one.
func (w *Watcher) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version = 0
}

// lookLocked asks for the rules, and has the server follow them.
func (w *Watcher) lookLocked(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var version int64
	var withholds bool
	if err := w.o.Database.QueryRow(ctx, sql.Rules).Scan(&version, &withholds); err != nil {
		return fmt.Errorf("read the rules: %w", postgres.Explain(err))
	}
	w.withholds.Store(withholds)
	if version > w.version {
		w.version = version
		w.o.Changed()
	}
	return nil
}

// Run asks for the rules until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	ticker := time.NewTicker(w.o.Interval)
	defer ticker.Stop()
	for {
		w.look(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// look asks once, and logs when that begins to fail and when it ends.
func (w *Watcher) look(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.lookLocked(ctx)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
	case err != nil && !w.failing:
		w.failing = true
		w.o.Log.WarnContext(ctx, "the rules cannot be read", "error", err)
	case err == nil && w.failing:
		w.failing = false
		w.o.Log.InfoContext(ctx, "the rules can be read again")
	}
}
