package changelog

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/changelog/keeper"
	"rowcast/internal/changelog/logrow"
	"rowcast/internal/changelog/notify"
	"rowcast/internal/feed"
)

// Notify says when writers notify.
type Notify string

// The values of ROWCAST_NOTIFY.
const (
	// NotifyAuto: only while the reader is asleep.
	NotifyAuto Notify = "auto"
	// NotifyAlways: every statement.
	NotifyAlways Notify = "always"
	// NotifyNever: no statement; the reader polls. For users of two-phase
	// commit, which NOTIFY forbids.
	NotifyNever Notify = "never"
)

// Database answers queries; a pool does.
type Database interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// Options of a Tail. Connect, Listen, Pool and Publish are required.
type Options struct {
	// Connect opens the connection that seals and reads.
	Connect func(ctx context.Context) (*pgx.Conn, error)
	// Listen opens a direct connection, not through a transaction pooler: for
	// LISTEN, and for the locks of a session.
	Listen func(ctx context.Context) (*pgx.Conn, error)
	// Pool is for small look-ups.
	Pool Database
	// Notify defaults to NotifyAuto.
	Notify Notify
	// BulkRows is how many rows of one table, operation and tenant a statement may
	// change before it is one bulk change. Default 1000.
	BulkRows int
	// Retention is how long sealed changes are kept. Zero keeps them for ever.
	Retention time.Duration
	// Publish takes changes in commit order. After it, everything up to sequence
	// has been published. It is called by one goroutine and may keep the
	// slice.
	Publish func(changes []feed.Change, sequence int64)
	// Rules is called with the version of the rules when it is another one, before what
	// was read with it is published. If it fails, that is read again.
	Rules func(ctx context.Context, version int64) error
	// Live is called when the tail becomes live and when it stops to be.
	Live func(live bool)
	// Reset is called when the history was rewritten: what was published before may not
	// have happened.
	Reset func(reason error)
	// Revoked is called when somebody says that tokens were revoked; anybody can
	// say so. It must not wait.
	Revoked func()
	// Sealed, if not nil, receives how long a seal took that gave sequences.
	Sealed func(took time.Duration)
	// Unreadable, if not nil, receives each change that cannot be read, before it is
	// published.
	Unreadable func(c *feed.Change)
	// Observe keeps the tail from leading, for a program that may be stopped
	// or held up by its output while others depend on the leader.
	Observe bool
	// Log defaults to slog.Default.
	Log *slog.Logger
	// Poll is the pause between polls while awake. Default 2 ms.
	Poll time.Duration
	// Fallback is the longest pause, whatever happens. Default 1 s.
	Fallback time.Duration
}

// Tail follows the change log in commit order. See the package documentation.
type Tail struct {
	o        Options
	listener *notify.Listener
	keeper   *keeper.Keeper
	tables   logrow.Tables
	rules    int64
	pace     pace

	// What has been published: the epoch, the newest sequence and the nonce of
	// its seal.
	epoch    string
	sequence int64
	nonce    int64
	// touched are the tenants of what was published since servers were notified; nil if
	// they were too many to name.
	touched map[string]struct{}
	// reported is set while the loss of the log has been logged.
	reported bool
	// queued is set while seals have left something to the next one.
	queued bool
	// lost is the sequence whose log row was missing when it was looked for.
	lost int64
	// sealLimit is how long the next seal may take.
	sealLimit time.Duration

	mu     sync.Mutex
	status Status
}

// Status is what a Tail says of itself.
type Status struct {
	// Live is true while the tail is connected and has caught up.
	Live bool
	// Leads is true while this server does the sealing.
	Leads bool
	// Asleep is true while writers notify at each commit.
	Asleep bool
	// Listening is true while LISTEN is in effect.
	Listening bool
	// Sequence is the newest published.
	Sequence int64
	// Checked is when the tail last knew that it had everything.
	Checked time.Time
	// Problem is why it is not live or does not move, in words.
	Problem string
}

// New makes a tail that has not started.
func New(o Options) *Tail {
	o.Notify = cmp.Or(o.Notify, NotifyAuto)
	o.BulkRows = cmp.Or(o.BulkRows, 1000)
	o.Log = cmp.Or(o.Log, slog.Default())
	o.Poll = cmp.Or(o.Poll, 2*time.Millisecond)
	o.Fallback = cmp.Or(o.Fallback, time.Second)
	if o.Live == nil {
		o.Live = func(bool) {}
	}
	if o.Reset == nil {
		o.Reset = func(error) {}
	}
	if o.Rules == nil {
		o.Rules = func(context.Context, int64) error { return nil }
	}
	if o.Revoked == nil {
		o.Revoked = func() {}
	}
	return &Tail{o: o, sealLimit: sealTimeout, listener: notify.New(o.Listen, o.Log, o.Revoked), keeper: keeper.New(o.Listen, o.Log, o.Observe)}
}

// Run follows the log until ctx ends, over any number of connections. It
// starts at the newest sequence.
func (t *Tail) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return t.listener.Run(ctx) })
	g.Go(func() error { return t.keeper.Run(ctx) })
	g.Go(func() error { return t.prune(ctx) })
	g.Go(func() error { return t.run(ctx) })
	return g.Wait()
}

// Status returns the state of the tail.
func (t *Tail) Status() Status {
	t.mu.Lock()
	s := t.status
	t.mu.Unlock()
	leads, state := t.keeper.Look()
	s.Leads, s.Asleep, s.Listening = leads, state == keeper.Asleep, t.listener.Listening()
	return s
}

// run reconnects with a growing pause.
func (t *Tail) run(ctx context.Context) error {
	const shortest, longest = 50 * time.Millisecond, time.Second
	delay := shortest
	for {
		began := time.Now()
		err := t.follow(ctx)
		if ctx.Err() != nil {
			t.live(false, "stopped")
			return context.Cause(ctx)
		}
		if errors.Is(err, feed.ErrDiverged) {
			t.o.Log.ErrorContext(ctx, "the history was rewritten, clients have to reload", "error", err)
			t.epoch = ""
			t.o.Reset(feed.ErrDiverged)
		} else if !t.reported {
			t.reported = true
			t.o.Log.WarnContext(ctx, "lost the change log, trying until it is back", "error", err, "sequence", t.sequence)
		}
		t.live(false, err.Error())
		if time.Since(began) > longest {
			delay = shortest
		}
		if err := keeper.Pause(ctx, delay+rand.N(delay)); err != nil {
			return err
		}
		delay = min(2*delay, longest)
	}
}

func (t *Tail) live(live bool, problem string) {
	t.mu.Lock()
	changed := t.status.Live != live
	t.status.Live, t.status.Problem = live, problem
	t.mu.Unlock()
	if changed {
		t.o.Live(live)
	}
}

// blocked says why a tail that is live does not move.
func (t *Tail) blocked(problem string) {
	t.mu.Lock()
	t.status.Problem = problem
	t.mu.Unlock()
}

// touch notes a tenant for the notification of the servers.
func (t *Tail) touch(tenant string) {
	if t.touched != nil {
		t.touched[tenant] = struct{}{}
	}
	if len(t.touched) > notify.MaxTouched {
		t.touched = nil
	}
}

func (t *Tail) checked() {
	t.mu.Lock()
	t.status.Sequence, t.status.Checked = t.sequence, time.Now()
	t.mu.Unlock()
}
