package rules

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Failure is an expression of the policy that could not be evaluated for a row: what it
// would have let through was withheld.
type Failure struct {
	// Table is the stem of the table. Of the condition of a role Role is set, of that of
	// an event Event.
	Table, Role, Event string
}

// failures counts them. It is a policy.Counter.
type failures struct{ of sync.Map }

func (f *failures) count(what Failure) {
	n, known := f.of.Load(what)
	if !known {
		n, _ = f.of.LoadOrStore(what, new(atomic.Int64))
	}
	n.(*atomic.Int64).Add(1) //nolint:forcetypeassert // nothing else is in the map
}

// RuleFailed implements policy.Counter.
func (f *failures) RuleFailed(stem, role string) { f.count(Failure{Table: stem, Role: role}) }

// EventFailed implements policy.Counter.
func (f *failures) EventFailed(name string) {
	stem, _, _ := strings.Cut(name, ":")
	f.count(Failure{Table: stem, Event: name})
}

// Failures are the expressions that failed, and how often.
func (w *Watcher) Failures() map[Failure]int64 {
	all := map[Failure]int64{}
	w.failures.of.Range(func(what, n any) bool {
		all[what.(Failure)] = n.(*atomic.Int64).Load() //nolint:forcetypeassert // as above
		return true
	})
	return all
}
