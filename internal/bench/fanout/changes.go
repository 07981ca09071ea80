package fanout

import (
	"context"
	"time"

	"rowcast/internal/bench/measure"
)

// Changes is a number of changes to make.
type Changes struct {
	// Start is the number of the first; numbers say which tenant it goes to.
	Start, Count int64
	// Rate is in changes a second, one at a time on a fixed schedule; 0 makes
	// all at once.
	Rate float64
}

// Published tells about changes that were made.
type Published struct {
	// Late is the furthest behind its schedule that a change was made.
	Late time.Duration
}

// Each calls do for each change when it is due, or once for all.
func (c Changes) Each(do func(first, count int64) error, done *Published) error {
	if c.Rate == 0 {
		return do(c.Start, c.Count)
	}
	schedule := measure.NewSchedule(time.Now(), c.Rate)
	for i := range c.Count {
		due, err := schedule.Next(context.Background())
		if err != nil {
			return err
		}
		done.Late = max(done.Late, time.Since(due))
		if err := do(c.Start+i, 1); err != nil {
			return err
		}
	}
	return nil
}

// per says how many of the changes go to each of the groups, in turns.
func (c Changes) per(groups int) []int64 {
	all := make([]int64, groups)
	whole, rest := c.Count/int64(groups), c.Count%int64(groups)
	for g := range all {
		all[g] = whole
	}
	for i := range rest {
		all[(c.Start+whole*int64(groups)+i)%int64(groups)]++
	}
	return all
}
