package changelog

import "time"

// Below sleepRate transactions a second a ring by each commit is cheaper than
// polling; above wakeRate it is the other way round. In between nothing
// changes.
const (
	wakeRate   = 200
	sleepRate  = 100
	paceWindow = 100 * time.Millisecond
	// quietWindows is how many windows in a row have to be quiet before the
	// tail goes to sleep.
	quietWindows = 5
)

// pace measures how fast transactions come.
type pace struct {
	start time.Time
	count int
	quiet int
	busy  bool
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
	if p.quiet >= quietWindows {
		p.busy = false
	}
	p.start, p.count = now, 0
}
