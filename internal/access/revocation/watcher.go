package revocation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/access/auth"
	"rowcast/internal/postgres"
	"rowcast/sql"
)

const (
	// interval is the default of Options.Interval.
	interval = time.Second
	// restTime is the least time between two questions, however many notifications arrive.
	restTime = 100 * time.Millisecond
	// listenReliance is how long notifications are relied on between two questions.
	listenReliance = 10 * time.Second
	// askTimeout bounds a question.
	askTimeout = 5 * time.Second
	// maxLogged is how many revocations of no effect are named in the log.
	maxLogged = 10
)

// errUnknown is why tokens are refused before the first answer.
var errUnknown = errors.New("the revocations have not been read yet")

// Database answers queries; a pool does.
type Database interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// Options of a Watcher. Database and Log are required.
type Options struct {
	Database Database
	Log      *slog.Logger
	// Changed is called after each change of the list. It should check every client
	// that is connected with Revoked.
	Changed func()
	// Listening says whether each notification arrives. While it does, the table is asked
	// for only now and then. Nil: never.
	Listening func() bool
	// Canonical is the name by which identities know a tenant. Nil: that which a
	// revocation gives.
	Canonical func(tenant string) string
	// Interval is the time between two questions when notifications may not arrive.
	// Zero means 1 s.
	Interval time.Duration
}

// Watcher keeps the newest list. See the package documentation.
type Watcher struct {
	o    Options
	list atomic.Pointer[List] // nil until the first answer
	wake chan struct{}
	// version is that of the list, failing says that the last question was not
	// answered.
	version string
	failing bool
	// respell: Canonical returns something else than when the list was read.
	respell atomic.Bool
}

// New makes a watcher that knows nothing yet.
func New(o Options) *Watcher {
	o.Interval = cmp.Or(o.Interval, interval)
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Canonical == nil {
		o.Canonical = func(tenant string) string { return tenant }
	}
	if o.Listening == nil {
		o.Listening = func() bool { return false }
	}
	return &Watcher{o: o, wake: make(chan struct{}, 1)}
}

// Wake makes Run look at the table soon. It never waits.
func (w *Watcher) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Respell makes Run read the list again, as Canonical returns something else than
// before.
func (w *Watcher) Respell() {
	w.respell.Store(true)
	w.Wake()
}

// Revoked says whether a token of the identity is known to be revoked.
func (w *Watcher) Revoked(id *auth.Identity) bool {
	list := w.list.Load()
	return list != nil && list.Revoked(id, time.Now())
}

// Verify has tokens that verify accepts refused if they are revoked.
func (w *Watcher) Verify(
	verify func(ctx context.Context, token string) (auth.Identity, error),
) func(ctx context.Context, token string) (auth.Identity, error) {
	return func(ctx context.Context, token string) (auth.Identity, error) {
		id, err := verify(ctx, token)
		switch {
		case err != nil:
			return auth.Identity{}, err
		case w.list.Load() == nil:
			return auth.Identity{}, auth.Refuse(auth.ErrUnavailable, errUnknown)
		case w.Revoked(&id):
			return auth.Identity{}, auth.Refuse(auth.ErrRevoked, nil)
		}
		return id, nil
	}
}

// Redeem has tickets refused whose identity was revoked since.
func (w *Watcher) Redeem(redeem func(ticket string) (auth.Identity, bool)) func(ticket string) (auth.Identity, bool) {
	return func(ticket string) (auth.Identity, bool) {
		id, ok := redeem(ticket)
		if !ok || w.list.Load() == nil || w.Revoked(&id) {
			return auth.Identity{}, false
		}
		return id, true
	}
}

// Load asks the database now. It must not be called while Run runs.
func (w *Watcher) Load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if w.respell.Swap(false) {
		w.version = ""
	}
	var (
		version string
		rows    []byte
	)
	if err := w.o.Database.QueryRow(ctx, sql.Revoked, w.version).Scan(&version, &rows); err != nil {
		return fmt.Errorf("read the revocations: %w", postgres.Explain(err))
	}
	if version == w.version {
		return nil
	}
	list, void, err := decode(rows, w.o.Canonical)
	if err != nil {
		return err
	}
	w.version = version
	if before := w.list.Swap(list); before != nil || list.Len() > 0 {
		w.o.Log.InfoContext(ctx, "read the revocations", "count", list.Len())
	}
	if len(void) > 0 {
		w.o.Log.WarnContext(ctx, "revocations name nothing and revoke nothing: empty text is no condition, null is",
			"count", len(void), "numbers", void[:min(len(void), maxLogged)])
	}
	w.o.Changed()
	return nil
}

// Run follows the table until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	for {
		asked, heard := time.Now(), w.o.Listening()
		w.look(ctx)
		for tick := asked; ; tick = time.Now() {
			woken, err := w.wait(ctx, tick)
			if err != nil {
				return err
			}
			if woken || w.failing || !heard || !w.o.Listening() || time.Since(asked) >= listenReliance {
				break
			}
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
		w.o.Log.WarnContext(ctx, "new revocations are not heard of", "error", err)
	case err == nil && w.failing:
		w.failing = false
		w.o.Log.InfoContext(ctx, "revocations are heard of again")
	}
}

// wait waits for a notification, but not before a rest, or for the time since began.
func (w *Watcher) wait(ctx context.Context, began time.Time) (woken bool, err error) {
	for _, pause := range []struct {
		until time.Duration
		wake  <-chan struct{}
	}{{restTime, nil}, {w.o.Interval, w.wake}} {
		timer := time.NewTimer(time.Until(began.Add(pause.until)))
		select {
		case <-timer.C:
		case <-pause.wake:
			woken = true
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return false, context.Cause(ctx)
		}
	}
	return woken, nil
}
