package fanout

import (
	"time"
)

// Result is what a run found.
type Result struct {
	// Server, Reference and Bare have one block a round; Reference is empty if
	// there was none.
	Server, Reference, Bare []Block
	Unheard                 Unheard
	// Idle and ReferenceIdle are filled in by who measures them.
	Idle, ReferenceIdle Idle
}

// Block is one side measured for a while.
type Block struct {
	// Changes were made; Deliveries counts each once for each client of its
	// tenant, Bytes what the clients received, headers of frames included.
	Changes, Deliveries, Bytes int64
	// Elapsed is the time from the first change until everybody had
	// everything; Late how far a change was behind its schedule at most, or the
	// last delivery.
	Elapsed, Late time.Duration
	// CPU and Mallocs are those of the process of the side.
	CPU     time.Duration
	Mallocs int64
}

// Total adds blocks up; Late is that of the worst.
func Total(blocks []Block) (all Block) {
	for _, b := range blocks {
		all.Changes += b.Changes
		all.Deliveries += b.Deliveries
		all.Bytes += b.Bytes
		all.Elapsed += b.Elapsed
		all.Late = max(all.Late, b.Late)
		all.CPU += b.CPU
		all.Mallocs += b.Mallocs
	}
	return all
}

// CPUPerDelivery is in microseconds.
func (b Block) CPUPerDelivery() float64 {
	return float64(b.CPU) / float64(time.Microsecond) / float64(b.Deliveries)
}

// MallocsPerDelivery is in allocations.
func (b Block) MallocsPerDelivery() float64 { return float64(b.Mallocs) / float64(b.Deliveries) }

// PerSecond is the deliveries a second.
func (b Block) PerSecond() float64 { return float64(b.Deliveries) / b.Elapsed.Seconds() }

// Unheard is what changes of a tenant without clients cost the server.
type Unheard struct {
	Changes int64
	// Events were encoded for them.
	Events  int64
	CPU     time.Duration
	Mallocs int64
}
