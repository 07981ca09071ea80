package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/changelog/keeper"
	"rowcast/internal/changelog/notify"
	"rowcast/sql"
)

// reader is a tail on one connection.
type reader struct {
	*Tail
	conn *pgx.Conn
	// next is what the next step does, woken whether a notification led to it.
	next  task
	woken bool
	// empty counts the steps in a row that found nothing.
	empty int
	// others says whether there are other servers to notify, sent whether they
	// were since this one leads on this connection.
	others, sent bool
	// incomplete is since when another session has kept the tail from sealing.
	incomplete time.Time
	// unheard says that the next changes may be some for which no notification has come.
	unheard bool
	// looked is when the last upkeep was.
	looked time.Time
}

// loop steps and waits.
func (f *reader) loop(ctx context.Context) error {
	for {
		// What the step below finds holds only for the state before it: a
		// writer that saw the sleep lock free is visible once it is held.
		leads, state := f.keeper.Look()
		n, complete, err := f.step(ctx, f.conn, f.next)
		if err != nil {
			return err
		}
		if complete {
			f.live(true, "")
			f.incomplete = time.Time{}
			if f.reported {
				f.reported = false
				f.o.Log.InfoContext(ctx, "the change log is back", "sequence", f.sequence)
			}
		} else if err := f.patient(ctx); err != nil {
			return err
		}
		if n > 0 && f.unheard {
			f.listener.Missed()
		}
		f.unheard = false
		if n > 0 {
			f.empty = 0
		} else {
			f.empty++
		}
		now := time.Now()
		f.pace.saw(n, now)
		if state != keeper.Awake && f.pace.looks(n, now) {
			if err := f.queue(ctx, now); err != nil {
				return err
			}
		}
		listening := f.listener.Listening()
		if err := f.upkeep(ctx, now, leads); err != nil {
			return err
		}
		if err := f.notify(ctx, leads, n); err != nil {
			return err
		}
		f.keeper.Want(f.wantsSleep(listening))
		switch {
		case f.queued && complete: // a large transaction: there is more to seal, without waiting
			f.next = fetch
			err = ctx.Err()
		case !complete:
			err = f.waitAwake(ctx)
		case leads && state == keeper.Asleep && listening:
			err = f.waitAsleep(ctx)
		case leads || !listening || f.keeper.Lost():
			err = f.waitAwake(ctx)
		default:
			err = f.waitForLeader(ctx)
		}
		if err != nil {
			return err
		}
	}
}

func (f *reader) wantsSleep(listening bool) bool {
	switch f.o.Notify {
	case NotifyAlways:
		return listening
	case NotifyNever:
		return false
	default:
		return listening && !f.pace.busy
	}
}

// waitAsleep waits until somebody notifies.
func (f *reader) waitAsleep(ctx context.Context) error {
	if err := f.pauseIdle(ctx); err != nil {
		return err
	}
	f.next, f.woken = look, false
	fallback := time.NewTimer(f.o.Fallback)
	defer fallback.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-f.listener.Notified:
		f.next, f.woken = fetch, true
	case <-f.listener.Sealed:
		f.next, f.woken = fetch, true
	case <-f.listener.Changed:
		f.woken = true
	case <-f.keeper.Changed:
	case <-fallback.C:
		f.unheard = true
	}
	return nil
}

// pauseIdle makes a short pause after notifications that meant nothing: anybody can notify,
// and a flood must not keep the server busy.
func (f *reader) pauseIdle(ctx context.Context) error {
	if !f.woken || f.empty < 2 {
		return nil
	}
	return keeper.Pause(ctx, idlePause)
}

// waitAwake waits for the next poll. The pause grows while nothing comes.
func (f *reader) waitAwake(ctx context.Context) error {
	if err := f.pauseIdle(ctx); err != nil {
		return err
	}
	f.next, f.woken = look, false
	if f.empty == 0 {
		f.next = fetch
	}
	poll := time.NewTimer(max(f.o.Poll, min(f.o.Poll<<min(f.empty/8, 6), longestPoll)))
	defer poll.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-f.listener.Notified:
		f.woken = true
	case <-f.listener.Changed:
		f.woken = true
	case <-f.keeper.Changed:
	case <-poll.C:
	}
	return nil
}

// waitForLeader waits until the leader has sealed. If a writer notifies and the
// leader does not answer within a moment, or if it is silent for too long,
// this server seals by itself.
func (f *reader) waitForLeader(ctx context.Context) error {
	if err := f.pauseIdle(ctx); err != nil {
		return err
	}
	f.next, f.woken = look, false
	fallback := time.NewTimer(f.o.Fallback)
	defer fallback.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-f.listener.Sealed:
		f.next, f.woken = read, true
	case <-f.listener.Changed:
		f.woken = true
	case <-f.keeper.Changed:
	case <-fallback.C:
		f.unheard = true
	case <-f.listener.Notified:
		f.next, f.woken = fetch, true
		timeout := time.NewTimer(leaderWait)
		defer timeout.Stop()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.listener.Sealed:
			f.next = read
		case <-timeout.C:
		}
	}
	return nil
}

// notify notifies the other servers if this one leads and has found n > 0
// transactions, or has not notified them yet: what it found earlier, it may have
// found before it led, before they came, or on a connection that died. It runs
// after the seal has committed, and without waiting for the disk: it is a hint.
func (f *reader) notify(ctx context.Context, leads bool, n int) error {
	touched := f.touched
	if touched == nil || len(touched) > 0 {
		f.touched = map[string]struct{}{}
	}
	if !leads || !f.others {
		f.sent = false
		return nil
	}
	if n == 0 && f.sent {
		return nil
	}
	if !f.sent {
		touched = nil
	}
	f.sent = true
	ctx, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	return notify.Sealed(ctx, f.conn, f.sequence, touched)
}

// queue wakes the tail if writers wait for each other to notify.
func (f *reader) queue(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	var waiting int
	if err := f.conn.QueryRow(ctx, sql.Crowd).Scan(&waiting); err != nil {
		return fmt.Errorf("count the writers that wait to notify: %w", err)
	}
	if waiting > 0 {
		f.pace.crowded(now)
	}
	return nil
}

// upkeep now and then makes sure that nobody else writes the log, counts the servers,
// and proves the listener.
func (f *reader) upkeep(ctx context.Context, now time.Time, leads bool) error {
	const interval = 4 * time.Second
	ctx, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	due := now.Sub(f.looked) >= interval
	if due {
		f.looked = now
		if err := f.owned(ctx, f.conn); err != nil {
			return err
		}
	}
	if leads && (f.listener.Came() || due) {
		err := f.conn.QueryRow(ctx, "select rowcast.servers() > 1").Scan(&f.others)
		if err != nil {
			return fmt.Errorf("count the servers: %w", err)
		}
	}
	return f.listener.Prove(ctx, f.conn, now)
}

// patient names who keeps the tail from sealing for long: any session that may
// connect can take the lock, or be frozen with it.
func (f *reader) patient(ctx context.Context) error {
	const long = 2 * time.Second
	switch {
	case f.incomplete.IsZero():
		f.incomplete = time.Now()
		return nil
	case f.reported || time.Since(f.incomplete) < long:
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	holder := "nobody any more"
	err := f.conn.QueryRow(ctx, sql.SealHolder).Scan(&holder)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("find who keeps the tail from sealing: %w", err)
	}
	f.reported = true
	f.o.Log.WarnContext(ctx, "another session keeps the change log from being sealed", "holder", holder)
	f.blocked("the seal lock is held by " + holder)
	return nil
}
