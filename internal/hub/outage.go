package hub

import "time"

// staleAfter is how long the tail may not have everything before clients are sent a
// signal. A quick reconnect sends none.
const staleAfter = 5 * time.Second

// reportOutage sends clients one signal when the tail has fallen behind for a while,
// and their cursors when it has everything again. reported is whether they know.
func (h *Hub) reportOutage(now time.Time, reported bool) bool {
	if h.set.Checked == nil {
		return false
	}
	checked := h.set.Checked()
	late := !checked.IsZero() && now.Sub(checked) >= staleAfter
	if late == reported {
		return reported
	}
	for _, s := range h.set.All() {
		if late {
			s.Stale()
		} else {
			s.Fresh(h.set.Elapsed())
		}
	}
	return late
}
