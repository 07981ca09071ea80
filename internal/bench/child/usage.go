package child

import (
	"runtime"
	"runtime/debug"
	"time"
)

// Nothing is the argument or the answer of a call that has none.
type Nothing struct{}

// Usage is what a process uses.
type Usage struct {
	// CPU is the processor time of all threads so far.
	CPU time.Duration
	// RSS is the resident memory in bytes; 0 where the system does not tell.
	RSS int64
	// Heap and Stacks are the bytes of live and not yet collected objects and
	// of goroutines' stacks.
	Heap, Stacks int64
	// Mallocs counts allocations so far.
	Mallocs int64
}

// Process is the service of every child.
type Process struct{}

// Usage reads what the process uses.
func (*Process) Usage(_ Nothing, u *Usage) error {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	cpu, err := processorTime()
	if err != nil {
		return err
	}
	rss, err := residentBytes()
	*u = Usage{CPU: cpu, RSS: rss, Heap: int64(m.HeapAlloc), Stacks: int64(m.StackInuse), Mallocs: int64(m.Mallocs)}
	return err
}

// Collect collects garbage and returns memory to the system. Stacks shrink by
// half at a time.
func (*Process) Collect(Nothing, *Nothing) error {
	for range 4 {
		debug.FreeOSMemory()
	}
	return nil
}
