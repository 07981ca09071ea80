package session

import (
	"context"
	"errors"
	"time"

	"rowcast/internal/hub/registry"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/stream"
)

var (
	// ErrDraining refuses a session because the hub is shutting down.
	ErrDraining = errors.New("shutting down")
	// ErrTooManyTenants refuses to join one tenant too many.
	ErrTooManyTenants = errors.New("too many tenants")
	// ErrTenantFull refuses to join a tenant that too many have joined.
	ErrTenantFull = errors.New("too many connections of the tenant")
	// ErrTooManyViews refuses to join a tenant with one view too many.
	ErrTooManyViews = errors.New("too many views of the tenant")
	// ErrTooManyJoins refuses to join a tenant again, as nothing that was asked
	// for before is answered.
	ErrTooManyJoins = errors.New("too many requests to join wait")
)

// Set is all sessions of a hub, and what they share.
type Set struct {
	*room.Room
	*registry.Registry[*Session]
}

// NewSet makes a set without sessions.
func NewSet(o room.Options) (*Set, error) {
	h := &Set{Registry: registry.New[*Session]()}
	var err error
	h.Room, err = room.New(o, func(t *stream.Stream) { h.Restart(t, "", 0) })
	return h, err
}

// Restart is that of all sessions.
func (h *Set) Restart(t *stream.Stream, reset string, spread time.Duration) {
	for _, s := range h.All() {
		s.Restart(t, reset, spread)
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
