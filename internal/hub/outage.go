package hub

import "time"

// staleAfter is how long the tail may not have everything before clients are
// told. A quick reconnect tells nobody.
const staleAfter = 5 * time.Second

// reportOutage tells clients once that the tail has fallen behind for a while,
// and when it has everything again where their streams are. reported is whether
// they know.
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
