package changelog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Advisory locks. All begin with the letters "rowcast"; triggers/capture.sql
// tries the sleep lock, triggers/seal.sql holds the next one.
const (
	sleepLock   = 8245940711459091457
	leaderLock  = 8245940711459091459
	replicaLock = 8245940711459091462
)

// sleep says how far the leader is with falling asleep.
type sleep int

const (
	// awake: the sleep lock is free, writers stay silent, the tail polls.
	awake sleep = iota
	// drowsy: the sleep lock is requested, later writers ring, earlier ones
	// may still commit silently, the tail goes on polling.
	drowsy
	// asleep: the sleep lock is held, every writer rings.
	asleep
)

// keeper holds the session locks of a replica on a connection of its own: that
// it exists, that it leads, and the sleep lock. If the connection dies, so do
// the locks, and the tail is told.
type keeper struct {
	connect func(ctx context.Context) (*pgx.Conn, error)
	log     *slog.Logger
	// retry is the pause between attempts to connect or to lead.
	retry time.Duration
	// observe keeps it from leading.
	observe bool
	// changed has a token after each change of state.
	changed chan struct{}

	mu     sync.Mutex
	leads  bool
	state  sleep
	wanted bool               // whether the tail wants to sleep
	stop   context.CancelFunc // interrupts the idle wait of run
}

func newKeeper(connect func(ctx context.Context) (*pgx.Conn, error), log *slog.Logger) *keeper {
	return &keeper{connect: connect, log: log, retry: time.Second, changed: make(chan struct{}, 1)}
}

// look returns the state.
func (k *keeper) look() (leads bool, state sleep) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.leads, k.state
}

// want asks to fall asleep or to wake up. It returns at once.
func (k *keeper) want(sleep bool) {
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

func (k *keeper) set(leads bool, state sleep) {
	k.mu.Lock()
	changed := k.leads != leads || k.state != state
	k.leads, k.state = leads, state
	k.mu.Unlock()
	if changed {
		ring(k.changed)
	}
}

// run keeps a connection until ctx ends.
func (k *keeper) run(ctx context.Context) error {
	reported := false
	for {
		err := k.hold(ctx)
		k.set(false, awake)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !reported {
			k.log.WarnContext(ctx, "lost the lock connection", "error", err)
		}
		reported = err != nil
		if err := pause(ctx, k.retry); err != nil {
			return err
		}
	}
}

// hold leads on one connection for as long as that lives.
func (k *keeper) hold(ctx context.Context) error {
	conn, err := k.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	if _, err := conn.Exec(ctx, fmt.Sprintf("select pg_advisory_lock_shared(%d)", replicaLock)); err != nil {
		return fmt.Errorf("announce the replica: %w", err)
	}
	for {
		leads := false
		if k.observe {
			if err := k.idle(ctx, conn, 0); err != nil {
				return err
			}
			continue
		}
		if err := conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", int64(leaderLock)).Scan(&leads); err != nil {
			return fmt.Errorf("try to lead: %w", err)
		}
		if leads {
			break
		}
		if err := k.idle(ctx, conn, k.retry); err != nil {
			return err
		}
	}
	k.set(true, awake)
	for {
		k.mu.Lock()
		wanted, state := k.wanted, k.state
		k.mu.Unlock()
		switch {
		case wanted && state == awake:
			k.set(true, drowsy)
			if err := lockToSleep(ctx, conn); err != nil {
				return fmt.Errorf("take the sleep lock: %w", err)
			}
			k.set(true, asleep)
		case !wanted && state == asleep:
			if _, err := conn.Exec(ctx, "select pg_advisory_unlock($1)", int64(sleepLock)); err != nil {
				return fmt.Errorf("release the sleep lock: %w", err)
			}
			k.set(true, awake)
		default:
			if err := k.idle(ctx, conn, 0); err != nil {
				return err
			}
		}
	}
}

// lockToSleep waits for the writers that hold the sleep lock. When ctx ends it
// cancels the wait in the server, which would not notice a closed connection.
func lockToSleep(ctx context.Context, conn *pgx.Conn) error {
	stop := context.AfterFunc(ctx, func() {
		cancel, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		_ = conn.PgConn().CancelRequest(cancel)
	})
	defer stop()
	_, err := conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_lock($1)", int64(sleepLock))
	return err
}

// idle waits for a request of the tail, or for d if that is not zero. It reads
// from the connection meanwhile, so that its death is noticed at once.
func (k *keeper) idle(ctx context.Context, conn *pgx.Conn, d time.Duration) error {
	if d == 0 {
		d = time.Hour
	}
	wait, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	k.mu.Lock()
	if k.leads && k.wanted != (k.state == asleep) {
		k.mu.Unlock()
		return nil
	}
	k.stop = cancel
	k.mu.Unlock()
	_, err := conn.WaitForNotification(wait)
	k.mu.Lock()
	k.stop = nil
	k.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && conn.IsClosed():
		return fmt.Errorf("watch the lock connection: %w", err)
	default:
		return nil
	}
}

// closeConn says goodbye, also when ctx has ended.
func closeConn(ctx context.Context, conn *pgx.Conn) {
	goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(goodbye)
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
