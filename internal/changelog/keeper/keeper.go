package keeper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/changelog/notify"
	"rowcast/sql"
	"rowcast/triggers"
)

// probeInterval is how often an idle lock connection is proved to live, and
// askTimeout how long an answer may take.
const (
	probeInterval = 5 * time.Second
	askTimeout    = 4 * time.Second
)

// queryCanceled is the code of a statement that was canceled.
const queryCanceled = "57014"

// Sleep says how far the leader is with falling asleep.
type Sleep int

const (
	// Awake is when the sleep lock is free, writers stay silent, the tail polls.
	Awake Sleep = iota
	// Drowsy is when the sleep lock is requested, later writers notify, earlier ones
	// may still commit silently, the tail goes on polling.
	Drowsy
	// Asleep is when the sleep lock is held, every writer notifies.
	Asleep
)

// Keeper holds the session locks of a server on a connection of its own: that it
// exists, that it leads, and the sleep lock. If the connection dies, so do the locks,
// and the tail learns it.
type Keeper struct {
	connect func(ctx context.Context) (*pgx.Conn, error)
	log     *slog.Logger
	// retry is the pause between attempts to connect or to lead.
	retry time.Duration
	// observe keeps it from leading.
	observe bool
	// Changed has a token after each change of state.
	Changed chan struct{}

	mu     sync.Mutex
	held   bool // the connection lives: another server leads, or this one
	leads  bool
	state  Sleep
	wanted bool               // whether the tail wants to sleep
	stop   context.CancelFunc // interrupts a wait of Run
}

// New makes a keeper that has not started. One that observes never leads.
func New(connect func(ctx context.Context) (*pgx.Conn, error), log *slog.Logger, observe bool) *Keeper {
	return &Keeper{connect: connect, log: log, observe: observe, retry: 1500 * time.Millisecond, Changed: make(chan struct{}, 1)}
}

// Look returns the state.
func (k *Keeper) Look() (leads bool, state Sleep) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.leads, k.state
}

// Lost says that the connection is gone: nobody may be leading.
func (k *Keeper) Lost() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.held
}

// Want asks to fall asleep or to wake up. It returns at once.
func (k *Keeper) Want(sleep bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.wanted == sleep {
		return
	}
	k.wanted = sleep
	if k.stop != nil {
		k.stop()
	}
}

func (k *Keeper) set(held, leads bool, state Sleep) {
	k.mu.Lock()
	changed := k.held != held || k.leads != leads || k.state != state
	k.held, k.leads, k.state = held, leads, state
	k.mu.Unlock()
	if changed {
		notify.Wake(k.Changed)
	}
}

// Run keeps a connection until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	reported := false
	for {
		err := k.hold(ctx)
		k.set(false, false, Awake)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !reported {
			k.log.WarnContext(ctx, "lost the lock connection", "error", err)
		}
		reported = err != nil
		if err := Pause(ctx, k.retry); err != nil {
			return err
		}
	}
}

// hold leads on one connection for as long as that lives.
func (k *Keeper) hold(ctx context.Context) error {
	conn, err := k.connect(ctx)
	if err != nil {
		return err
	}
	defer CloseConn(ctx, conn)
	if _, err := ask(ctx, conn, sql.Announce, triggers.ServerLock); err != nil {
		return fmt.Errorf("announce the server: %w", err)
	}
	if err := notify.Announce(ctx, conn); err != nil {
		return err
	}
	for {
		if k.observe {
			k.set(true, false, Awake)
			if err := k.idle(ctx, conn); err != nil {
				return err
			}
			continue
		}
		leads, err := ask(ctx, conn, "select pg_try_advisory_lock($1)", triggers.LeaderLock)
		if err != nil {
			return fmt.Errorf("try to lead: %w", err)
		}
		if leads {
			break
		}
		k.set(true, false, Awake)
		if _, err := k.wait(ctx, conn, k.retry); err != nil {
			return err
		}
	}
	k.set(true, true, Awake)
	for {
		k.mu.Lock()
		wanted, state := k.wanted, k.state
		k.mu.Unlock()
		switch {
		case wanted && state == Awake:
			k.set(true, true, Drowsy)
			state, err := k.lockToSleep(ctx, conn)
			if err != nil {
				return fmt.Errorf("take the sleep lock: %w", err)
			}
			k.set(true, true, state)
		case !wanted && state == Asleep:
			if _, err := ask(ctx, conn, "select pg_advisory_unlock($1)", triggers.SleepLock); err != nil {
				return fmt.Errorf("release the sleep lock: %w", err)
			}
			k.set(true, true, Awake)
		default:
			if err := k.idle(ctx, conn); err != nil {
				return err
			}
		}
	}
}

// ask puts a question about a lock that is answered at once.
func ask(ctx context.Context, conn *pgx.Conn, question string, lock int64) (answer bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	err = conn.QueryRow(ctx, question, lock).Scan(&answer)
	return answer, err
}

// lockToSleep waits for the writers that hold the sleep lock, and gives up when
// the tail no longer wants to sleep: every writer notifies meanwhile. It cancels
// the wait in the server, which would not notice a closed connection.
func (k *Keeper) lockToSleep(ctx context.Context, conn *pgx.Conn) (Sleep, error) {
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	canceled := make(chan struct{})
	stop := context.AfterFunc(wait, func() {
		defer close(canceled)
		request, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		_ = conn.PgConn().CancelRequest(request)
		_ = conn.PgConn().Conn().SetReadDeadline(time.Now().Add(time.Second))
	})
	k.interruptible(cancel)
	_, err := conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_lock($1)", triggers.SleepLock)
	k.interruptible(nil)
	if !stop() {
		// Sent, it must not hit the next query.
		<-canceled
		_ = conn.PgConn().Conn().SetReadDeadline(time.Time{})
	}
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Code == queryCanceled && ctx.Err() == nil:
		return Awake, nil
	case err != nil:
		return Awake, err
	}
	return Asleep, nil
}

// interruptible makes Want call stop when the tail no longer wants to sleep, and
// calls it at once if that is so already. Nil ends that.
func (k *Keeper) interruptible(stop context.CancelFunc) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stop = stop
	if stop != nil && k.leads && k.wanted != (k.state != Awake) {
		stop()
	}
}

// idle waits for a request of the tail. Now and then it makes sure that the
// server is there: if it is not, the locks may be gone, and writers silent.
func (k *Keeper) idle(ctx context.Context, conn *pgx.Conn) error {
	asked, err := k.wait(ctx, conn, probeInterval)
	if asked || err != nil {
		return err
	}
	if _, err := ask(ctx, conn, "select $1::bigint > 0", triggers.ServerLock); err != nil {
		return fmt.Errorf("probe the lock connection: %w", err)
	}
	return nil
}

// wait waits for a request of the tail, or for d. It reads from the connection
// meanwhile, so that its death is noticed at once.
func (k *Keeper) wait(ctx context.Context, conn *pgx.Conn, d time.Duration) (asked bool, err error) {
	wait, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	k.interruptible(cancel)
	_, err = conn.WaitForNotification(wait)
	k.interruptible(nil)
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil && conn.IsClosed():
		return false, fmt.Errorf("watch the lock connection: %w", err)
	default:
		return !errors.Is(wait.Err(), context.DeadlineExceeded), nil
	}
}

// CloseConn says goodbye, also when ctx has ended.
func CloseConn(ctx context.Context, conn *pgx.Conn) {
	goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(goodbye)
}

// Pause waits for d or the end of ctx.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
