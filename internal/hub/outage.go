package hub

import (
	"slices"
	"time"
)

// staleAfter is how long the tail may be away before clients are told. A quick
// reconnect tells nobody.
const staleAfter = 5 * time.Second

// Live says whether the tail is live. While it is not, joins wait, and after a
// few seconds joined clients are told that their events are late.
func (h *Hub) Live(live bool) {
	h.streams.Live(live)
	if live {
		h.away.Store(0)
	} else {
		h.away.CompareAndSwap(0, time.Now().UnixNano())
	}
}

// tellOutage tells clients once that the tail has been away for a while, and
// when it is back where their streams are. told is whether they know.
func (h *Hub) tellOutage(now time.Time, told bool) bool {
	away := h.away.Load()
	switch {
	case !told && away != 0 && now.UnixNano()-away >= int64(staleAfter):
		for _, s := range h.sessions.all(nil) {
			s.stale()
		}
		return true
	case told && away == 0:
		for _, s := range h.sessions.all(nil) {
			s.fresh(now.UnixNano())
		}
		return false
	}
	return told
}

// stale tells a client that has joined something that its events are late.
func (s *Session) stale() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.subs, func(u *sub) bool { return u.answered }) {
		s.signal(&Signal{Kind: Stale})
	}
}

// fresh tells a client where its streams are.
func (s *Session) fresh(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.subs {
		if u.answered && u.reset == "" {
			u.progress(now)
		}
	}
}
