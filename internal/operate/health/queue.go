package health

import "context"

// Above fillingUsage writers no longer notify, see triggers/statement.sql; below
// calmUsage the queue is as good as empty. In between nothing changes.
const (
	fillingUsage = 0.5
	calmUsage    = 0.4
)

// queue logs when the queue of NOTIFY fills and when it is empty again. holder
// is the session that may keep it from being emptied, nil if it is not known.
func (w *Watcher) queue(ctx context.Context, usage float64, holder *string) {
	switch {
	case usage > fillingUsage && !w.filling:
		w.filling = true
		oldest := "not known, or not visible to this role"
		if holder != nil {
			oldest = *holder
		}
		w.o.Log.WarnContext(ctx, "the queue of NOTIFY fills: events come late, and when it is full every commit with NOTIFY fails; "+
			"end the session that listens within an open transaction", "usage", usage, "oldest_transaction", oldest)
	case usage < calmUsage && w.filling:
		w.filling = false
		w.o.Log.InfoContext(ctx, "the queue of NOTIFY is empty again", "usage", usage)
	}
}
