package latency

import (
	"time"

	"rowcast/internal/bench/measure"
)

// waited is from when on an event counts as one that waited for the fallback
// poll, which comes once a second.
const waited = 900 * time.Millisecond

// Result is what a run found.
type Result struct {
	Rowcast, Bare Side
	Idle          Idle
}

// Side has the latencies of one side.
type Side struct {
	// Due is from the intended commit to the client, Returned from the return
	// of the commit to the client, Commit from the intended commit to its
	// return.
	Due, Returned, Commit *measure.Latency
	// Waited counts what arrived so long after the return of its commit that
	// the fallback poll may have found it.
	Waited int64
	// Late is how long after its time a commit began at most, since all
	// writers were busy.
	Late time.Duration
}

func newResult() *Result {
	side := func() Side {
		return Side{Due: measure.NewLatency(), Returned: measure.NewLatency(), Commit: measure.NewLatency()}
	}
	return &Result{Rowcast: side(), Bare: side()}
}

func (s *Side) add(due, returned, commit time.Duration) {
	s.Due.Record(due)
	s.Returned.Record(returned)
	s.Commit.Record(commit)
	if returned >= waited {
		s.Waited++
	}
}

// Idle is what the server costs when nothing happens, with clients joined.
type Idle struct {
	// Queries is in transactions a second on the database, without our own.
	Queries float64
	// Server and Backends are the shares of a core that the process of the
	// server and its sessions in PostgreSQL use; Backends is unknown when
	// their processes cannot be seen.
	Server, Backends float64
	// Others is how many sessions of others the database had, whose
	// transactions are counted as well.
	Others int64
}
