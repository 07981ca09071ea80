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
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
	"rowcast/sql"
)

const (
	// interval is the default of Options.Interval.
	interval = 500 * time.Millisecond
	// timeout bounds a question.
	timeout = 5 * time.Second
)

// Options of a Watcher. Connect and Log are required.
type Options struct {
	// Connect makes the one connection of the watcher. Its name says in pg_stat_activity
	// which version the server follows.
	Connect func(ctx context.Context) (*pgx.Conn, error)
	Log     *slog.Logger
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
	policy    atomic.Pointer[policy.Policy]
	problem   atomic.Pointer[error]
	failures  failures

	mu      sync.Mutex
	version int64
	// shape is that of the tables that the policy was compiled for.
	shape   string
	failing bool
	conn    *pgx.Conn
	// named is the version in the name of the connection.
	named int64
}

// New makes a watcher that knows of no rules.
func New(o Options) *Watcher {
	o.Interval = cmp.Or(o.Interval, interval)
	if o.Changed == nil {
		o.Changed = func() {}
	}
	w := &Watcher{o: o}
	w.policy.Store(&policy.Policy{})
	return w
}

// Withholds says whether there is a rule by which events are withheld.
func (w *Watcher) Withholds() bool { return w.withholds.Load() }

// Policy is the policy in force.
func (w *Watcher) Policy() *policy.Policy { return w.policy.Load() }

// Own are the events that the policy in force gives a table.
func (w *Watcher) Own(relation int64) []*policy.Event { return w.Policy().Events(relation) }

// Problem is why a part of the policy in force cannot be followed, so that nobody sees
// what it is about. It is nil if there is no such part.
func (w *Watcher) Problem() error {
	if err := w.problem.Load(); err != nil {
		return *err
	}
	return nil
}

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
	w.version = -1
}

// found is what the database says of the rules.
type found struct {
	version                   int64
	audience, active, pending bool
	shape                     string
}

// askLocked asks for the rules. A policy that is pending is settled first.
func (w *Watcher) askLocked(ctx context.Context) (f found, err error) {
	for settled := false; ; settled = true {
		err = w.conn.QueryRow(ctx, sql.Rules).Scan(&f.version, &f.audience, &f.active, &f.pending, &f.shape)
		if err != nil {
			return f, fmt.Errorf("read the rules: %w", postgres.Explain(err))
		}
		if settled || !f.pending {
			return f, nil
		}
		o, err := store.Settle(ctx, w.conn)
		switch {
		case err != nil: // what is in force is followed in any case
			w.o.Log.WarnContext(ctx, "a policy that is pending cannot be settled", "error", err)
		case o != nil && o.State == store.IsRefused:
			w.o.Log.WarnContext(ctx, "a policy was refused", "version", o.Version, "reason", o.Reason)
		case o != nil:
			w.o.Log.InfoContext(ctx, "a policy became active", "version", o.Version)
		}
	}
}

// lookLocked asks for the rules, and has the server follow them.
func (w *Watcher) lookLocked(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := w.followLocked(ctx)
	if w.conn != nil && w.conn.IsClosed() {
		w.conn = nil
	}
	return err
}

// connectLocked makes the connection if there is none.
func (w *Watcher) connectLocked(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.o.Connect(ctx)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	w.conn, w.named = conn, -1
	return nil
}

func (w *Watcher) followLocked(ctx context.Context) error {
	if err := w.connectLocked(ctx); err != nil {
		return err
	}
	f, err := w.askLocked(ctx)
	if err != nil {
		return err
	}
	if f.version <= w.version && f.shape == w.shape {
		return w.nameLocked(ctx)
	}
	next := &policy.Policy{}
	var problem error
	if f.active {
		state, err := store.Active(ctx, w.conn)
		if err != nil {
			return fmt.Errorf("read the rules: %w", err)
		}
		f.version = max(f.version, state.Rules)
		if next, problem = state.Load(&w.failures); problem != nil {
			w.o.Log.ErrorContext(ctx, "the policy cannot be followed; nobody sees what it is about", "error", problem)
		}
	}
	w.policy.Store(next)
	w.problem.Store(&problem)
	w.withholds.Store(f.audience || f.active)
	w.version, w.shape = f.version, f.shape
	w.o.Changed()
	return w.nameLocked(ctx)
}

// nameLocked has the name of the connection say which version is followed.
func (w *Watcher) nameLocked(ctx context.Context) error {
	if w.named == w.version {
		return nil
	}
	if _, err := w.conn.Exec(ctx, "select set_config('application_name', 'rowcast rules ' || $1::bigint, false)", w.version); err != nil {
		return fmt.Errorf("say which rules are followed: %w", postgres.Explain(err))
	}
	w.named = w.version
	return nil
}

// Close ends the connection.
func (w *Watcher) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.conn.Close(ctx) // it is of no use any more
		w.conn = nil
	}
}

// Run asks for the rules until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	ticker := time.NewTicker(w.o.Interval)
	defer ticker.Stop()
	defer w.Close()
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
