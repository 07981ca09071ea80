package changelog

import "time"

// Below sleepRate transactions a second a notification by each commit is cheaper than
// polling; above wakeRate it is the other way round. In between nothing
// changes. Where commits are slow, notifications hold the rate down by themselves, so
// writers that queue up to notify wake the tail at any rate.
const (
	wakeRate   = 200
	sleepRate  = 100
	paceWindow = 100 * time.Millisecond
	// quietWindows is how many windows in a row have to be quiet before the
	// tail goes to sleep.
	quietWindows = 5
	// crowdInterval is the pause between two looks at the queue, crowdTime how
	// long the tail stays awake for one.
	crowdInterval = 250 * time.Millisecond
	crowdTime     = 10 * time.Second
)

// pace measures how fast transactions come.
type pace struct {
	start time.Time
	count int
	quiet int
	busy  bool
	// looked is when the queue was looked at, until when it keeps the tail awake.
	looked, until time.Time
}

// saw counts n transactions that were read at now.
func (p *pace) saw(n int, now time.Time) {
	p.count += n
	if p.count >= int(wakeRate*paceWindow/time.Second) {
		p.busy, p.quiet = true, 0
	}
	elapsed := now.Sub(p.start)
	if elapsed < paceWindow {
		return
	}
	if float64(p.count) < sleepRate*elapsed.Seconds() {
		p.quiet += int(elapsed / paceWindow)
	} else {
		p.quiet = 0
	}
	if p.quiet >= quietWindows && now.After(p.until) {
		p.busy = false
	}
	p.start, p.count = now, 0
}

// looks says whether it is time to look for a queue: n transactions have notified,
// and not for the first time in a while.
func (p *pace) looks(n int, now time.Time) bool {
	if n == 0 || p.busy || now.Sub(p.looked) < crowdInterval {
		return false
	}
	before := p.looked
	p.looked = now
	return now.Sub(before) < 4*crowdInterval
}

// crowded wakes the tail because writers queue.
func (p *pace) crowded(now time.Time) {
	p.busy, p.quiet, p.until = true, 0, now.Add(crowdTime)
}
