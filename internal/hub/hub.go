package hub

import (
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// Hub fans changes out to sessions. See the package comment.
type Hub struct{ set *session.Set }

// New makes a hub. It does nothing until Run.
func New(o room.Options) (*Hub, error) {
	set, err := session.NewSet(o)
	if err != nil {
		return nil, err
	}
	return &Hub{set}, nil
}

// Open adds a session. The only error is session.ErrDraining; the connection is then
// still the caller's.
func (h *Hub) Open(p session.Peer) (*session.Session, error) { return h.set.Open(p) }

// Recheck asks the owners of all sessions whether they may go on. What makes an
// owner unwanted has to be so before the call: an owner that comes later is asked
// by Own.
func (h *Hub) Recheck() {
	for _, s := range h.set.All() {
		s.Recheck()
	}
}

// Publish takes changes in commit order; sequence is that of the last change in
// the log of all tenants. An empty batch only sets it, which has to be done before
// the first Live(true). One goroutine publishes. It never waits for a client,
// only for the workers of Run when they cannot keep up. The changes and what
// they point to must not be modified afterwards.
func (h *Hub) Publish(changes []feed.Change, sequence int64) {
	h.set.Streams.Publish(changes, sequence)
}

// Live says whether the tail is live. While it is not, joins wait.
func (h *Hub) Live(live bool) { h.set.Streams.Live(live) }

// mostSpread is over how long clients load their state anew at most.
const mostSpread = time.Minute

// Rules says that the rules are others by which events are withheld. What was made by the
// old ones is dropped, and clients continue from their cursors by the new ones. Those that
// see something else now are reset, and load their state a thousand a second. No change
// that is published after it is sent by the old ones.
func (h *Hub) Rules() {
	h.set.Streams.Renew()
	h.set.Pages.Forget()
	h.set.Restart(nil, "", min(time.Duration(h.set.Stats().Sessions)*time.Millisecond, mostSpread))
}

// Reset says that the history was rewritten: all rings are dropped, and every joined
// client is sent a reset, with the text of reason, once the tail is live again. Reset
// implies Live(false); Publish(nil, sequence) and Live(true) have to follow.
func (h *Hub) Reset(reason error) {
	h.set.Streams.Live(false)
	h.set.Streams.Forget(nil)
	h.set.Pages.Forget()
	h.set.Restart(nil, reason.Error(), 0)
}
