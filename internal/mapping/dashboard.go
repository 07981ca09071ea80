package mapping

import (
	"slices"
	"time"

	"rowcast/internal/feed"
)

// dashboardName is the event that coalesces changes of the built-in tables.
const dashboardName = "dashboard:stats-updated"

// DashboardReason says whether the change counts for dashboard:stats-updated,
// and under which reason: the table that its stem stands for ("orders",
// "stock_movements", "purchase_orders" or "skus", whatever the table is really
// called). A replay, which changes nothing, does not count. One that cannot be read
// counts.
func DashboardReason(c *feed.Change) (reason string, ok bool) {
	s, own := stemOf(c.Name)
	if !own || c.Op == feed.Replay {
		return "", false
	}
	return s.table, true
}

// DashboardReasons are all reasons, for a client that was away and may have missed any, but
// for those of stems that are hidden from it.
func DashboardReasons(hidden func(stem string) bool) (reasons []string) {
	for _, s := range stems[:len(stems)-1] {
		if !hidden(s.name) {
			reasons = append(reasons, s.table)
		}
	}
	return reasons
}

// DashboardEvent is the coalesced event for the changes of a tenant up to head. Each
// reason appears once, in alphabetical order. It is in no log: its cursor is that of head,
// and it comes again to a client that continues from there.
func DashboardEvent(tenant string, reasons []string, head feed.Head, at time.Time) feed.Event {
	unique := slices.Compact(slices.Sorted(slices.Values(reasons)))
	data := append(make([]byte, 0, 96), `{"reasons":[`...)
	for i, r := range unique {
		if i > 0 {
			data = append(data, ',')
		}
		data = appendString(data, r)
	}
	return feed.Event{
		Name:     dashboardName,
		Tenant:   tenant,
		Position: head.Position,
		Cursor:   head.Cursor(),
		At:       at,
		Data:     append(data, "]}"...),
	}
}
