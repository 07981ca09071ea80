package session

import (
	"slices"
	"time"

	"rowcast/internal/hub/signal"
)

// Stale sends a client that has joined something that its events are late.
func (s *Session) Stale() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.subs, func(u *sub) bool { return u.answered }) {
		s.signalLocked(&signal.Signal{Kind: signal.Stale})
	}
}

// Fresh sends a client where its streams are.
func (s *Session) Fresh(now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.subs {
		if u.answered && u.reset == "" {
			u.progressLocked(now)
		}
	}
}
