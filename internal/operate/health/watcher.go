package health

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/sql"
)

const (
	// interval is the default of Options.Interval.
	interval = 10 * time.Second
	// askTimeout bounds a check.
	askTimeout = 5 * time.Second
)

// Database answers queries; a pool does.
type Database interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// Options of a Watcher. Database and Log are required.
type Options struct {
	Database Database
	Log      *slog.Logger
	// Interval is the time between two checks. Zero means 10 s.
	Interval time.Duration
}

// Watcher checks the database. See the package documentation.
type Watcher struct {
	o Options
	// failing says that the last check failed, filling that the queue does.
	failing, filling bool
	// pauses are those of the last answer, active or not.
	pauses []Pause
	// holders are those of the last answer, for however short.
	holders []Holder

	mu     sync.Mutex
	status Status
}

// Status is what the last check that was answered found.
type Status struct {
	// Looked says that a check has ended, answered or not.
	Looked bool
	// Checked is when that was, zero if none was answered yet.
	Checked time.Time
	// SealedSequence is the newest that is sealed.
	SealedSequence int64
	// QueueUsage is how full the queue of NOTIFY is, from 0 to 1.
	QueueUsage float64
	// Drifted are the watched tables that are not captured as they should be.
	Drifted []Drift
	// Paused are the sessions and transactions that are not captured because
	// they asked for it.
	Paused []Pause
	// Held are the sessions that hold a lock of the servers.
	Held []Holder
}

// Triggers counts the triggers that are not as installed.
func (s Status) Triggers() int {
	count := 0
	for _, d := range s.Drifted {
		count += len(d.Triggers)
	}
	return count
}

// New makes a watcher that does not run yet.
func New(o Options) *Watcher {
	o.Interval = cmp.Or(o.Interval, interval)
	return &Watcher{o: o}
}

// Status returns what is known.
func (w *Watcher) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.status
	s.Drifted = slices.Clone(s.Drifted)
	s.Paused = slices.Clone(s.Paused)
	s.Held = slices.Clone(s.Held)
	return s
}

// Run checks until ctx ends, at once for the first time.
func (w *Watcher) Run(ctx context.Context) error {
	ticker := time.NewTicker(w.o.Interval)
	defer ticker.Stop()
	for {
		w.check(ctx)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// check asks once, keeps the answer and logs what has changed.
func (w *Watcher) check(ctx context.Context) {
	last := w.Status()
	next, holder, pauses, err := w.ask(ctx)
	var held []Holder
	if err == nil {
		held, err = w.askHolders(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		if !w.failing {
			w.o.Log.WarnContext(ctx, "the triggers cannot be checked", "error", err)
		}
		w.failing = true
		w.mu.Lock()
		defer w.mu.Unlock()
		w.status.Looked = true
		return
	case w.failing:
		w.failing = false
		w.o.Log.InfoContext(ctx, "the triggers can be checked again", "last", last.Checked)
	}
	w.compare(ctx, last, &next)
	next.Paused = w.comparePauses(ctx, pauses)
	next.Held = w.compareHolders(ctx, last.Held, held)
	w.queue(ctx, next.QueueUsage, holder)
	next.Looked = true
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = next
}

// ask puts the question to the database. holder may be nil.
func (w *Watcher) ask(ctx context.Context) (s Status, holder *string, pauses []Pause, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var drifted, paused []byte
	err = w.o.Database.QueryRow(ctx, sql.Health, calmUsage).Scan(&s.SealedSequence, &s.QueueUsage, &holder, &drifted, &paused)
	if err != nil {
		return Status{}, nil, nil, fmt.Errorf("ask the database: %w", postgres.Explain(err))
	}
	if err := json.Unmarshal(drifted, &s.Drifted); err != nil {
		return Status{}, nil, nil, fmt.Errorf("decode the state of the triggers: %w", err)
	}
	if err := json.Unmarshal(paused, &pauses); err != nil {
		return Status{}, nil, nil, fmt.Errorf("decode the pauses: %w", err)
	}
	s.Checked = time.Now()
	return s, holder, pauses, nil
}
