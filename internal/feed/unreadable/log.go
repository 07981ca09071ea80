package unreadable

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"rowcast/internal/feed"
)

const (
	// mostKnown is how many changes are known to have been reported.
	mostKnown = 4096
	// mostRecent is how many are shown.
	mostRecent = 20
	// mostLines is how many lines go to the log each minute.
	mostLines = 20
)

// Case is a change that was sent without its row.
type Case struct {
	Tenant    string      `json:"tenantId"`
	Position  int64       `json:"position"`
	Table     string      `json:"table"`
	Operation string      `json:"operation"`
	Reason    feed.Reason `json:"reason"`
	Detail    string      `json:"detail"`
	Seen      time.Time   `json:"seen"`
}

// location is where a change is.
type location struct {
	epoch, tenant string
	position      int64
}

// Log knows the changes that were sent without their rows. The zero value, and nil,
// may be used; it is safe for concurrent use.
type Log struct {
	// Logger receives a line for each. Nil: none.
	Logger *slog.Logger

	mu     sync.Mutex
	known  map[location]struct{}
	order  []location
	counts map[feed.Reason]int64
	recent []Case
	// minute is since when lines were counted, held how many were too many.
	minute      time.Time
	lines, held int
}

// Report notes that an event is sent without its row.
func (l *Log) Report(e *feed.Event) {
	if l == nil || e.Unreadable == nil {
		return
	}
	c := Case{
		Tenant: e.Tenant, Position: e.Position, Table: e.Source.Table, Operation: e.Source.Op,
		Reason: e.Unreadable.Reason, Detail: e.Unreadable.Detail, Seen: time.Now().UTC(),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := location{e.Cursor.Epoch, e.Tenant, e.Position}
	if _, known := l.known[at]; known {
		return
	}
	if l.known == nil {
		l.known, l.counts = map[location]struct{}{}, map[feed.Reason]int64{}
	}
	if len(l.order) == mostKnown {
		delete(l.known, l.order[0])
		l.order = slices.Delete(l.order, 0, 1)
	}
	l.known[at] = struct{}{}
	l.order = append(l.order, at)
	l.counts[c.Reason]++
	l.recent = append(l.recent, c)
	l.recent = l.recent[max(0, len(l.recent)-mostRecent):]
	l.sayLocked(c)
}

// sayLocked logs a case, unless there were many.
func (l *Log) sayLocked(c Case) {
	if l.Logger == nil {
		return
	}
	if c.Seen.Sub(l.minute) >= time.Minute {
		l.minute, l.lines = c.Seen, 0
	}
	if l.lines == mostLines {
		l.held++
		return
	}
	l.lines++
	l.Logger.Error("a change cannot be read, it is sent without its row", "tenant", c.Tenant, "position", c.Position,
		"table", c.Table, "operation", c.Operation, "reason", c.Reason, "detail", c.Detail, "not_logged", l.held)
	l.held = 0
}

// Counts are how many changes there were, by reason; each reason is there.
func (l *Log) Counts() map[feed.Reason]int64 {
	counts := map[feed.Reason]int64{}
	for _, r := range feed.Reasons() {
		counts[r] = 0
	}
	if l == nil {
		return counts
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.Copy(counts, l.counts)
	return counts
}

// Recent are the newest, the newest last.
func (l *Log) Recent() []Case {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.recent)
}
