package hub

import (
	"slices"
	"time"
)

// staleAfter is how long the tail may not have everything before clients are
// told. A quick reconnect tells nobody.
const staleAfter = 5 * time.Second

// tellOutage tells clients once that the tail has fallen behind for a while,
// and when it has everything again where their streams are. reported is whether
// they know.
func (h *Hub) tellOutage(now time.Time, reported bool) bool {
	if h.opts.Checked == nil {
		return false
	}
	checked := h.opts.Checked()
	late := !checked.IsZero() && now.Sub(checked) >= staleAfter
	if late == reported {
		return reported
	}
	for _, s := range h.sessions.All() {
		if late {
			s.stale()
		} else {
			s.fresh(h.opts.Elapsed())
		}
	}
	return late
}

// stale tells a client that has joined something that its events are late.
func (s *Session) stale() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.subs, func(u *sub) bool { return u.answered }) {
		s.signalLocked(&Signal{Kind: Stale})
	}
}

// fresh tells a client where its streams are.
func (s *Session) fresh(now time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.subs {
		if u.answered && u.reset == "" {
			u.progressLocked(now)
		}
	}
}
