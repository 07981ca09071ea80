package health

import (
	"context"
	"slices"
	"time"
)

// Pause is a session or a transaction that is not captured because it asked for
// it with rowcast.pause.
type Pause struct {
	ID int64
	// Role and Application are those of the session, Address is empty over a
	// unix socket.
	Role, Application, Address string
	Reason                     string
	Begun                      time.Time
	// Active says that it goes on.
	Active bool
}

// comparePauses logs what was not so at the last check and returns the pauses
// that go on. One that began and ended between two checks is logged as well.
func (w *Watcher) comparePauses(ctx context.Context, next []Pause) (active []Pause) {
	for _, p := range next {
		at := slices.IndexFunc(w.pauses, func(was Pause) bool { return was.ID == p.ID })
		log := w.o.Log.With("role", p.Role, "application", p.Application, "address", p.Address, "reason", p.Reason, "begun", p.Begun, "pause", p.ID)
		switch {
		case at < 0 && p.Active:
			log.WarnContext(ctx, "capture is paused by a session: its changes are not captured and will not be sent later")
		case at < 0:
			log.WarnContext(ctx, "capture was paused by a session: its changes were not captured and will not be sent later")
		case w.pauses[at].Active && !p.Active:
			log.InfoContext(ctx, "capture is no longer paused by a session")
		}
		if p.Active {
			active = append(active, p)
		}
	}
	w.pauses = next
	return active
}
