package stream

import (
	"sync"
	"sync/atomic"
)

const (
	// maxNames is how many names of events are counted apart.
	maxNames = 256
	// otherNames counts the rest.
	otherNames = "other"
)

// eventCounts counts events by name.
type eventCounts struct {
	counts sync.Map // of *atomic.Int64
	names  atomic.Int64
}

func (t *eventCounts) add(name string) {
	count, known := t.counts.Load(name)
	if !known {
		if t.names.Add(1) > maxNames {
			t.names.Add(-1)
			name = otherNames
		}
		count, _ = t.counts.LoadOrStore(name, new(atomic.Int64))
	}
	count.(*atomic.Int64).Add(1) //nolint:forcetypeassert // nothing else is in the map
}

// Names are the counts of events by name, those of names beyond the first 256
// together as "other".
func (s *Streams) Names() map[string]int64 {
	names := map[string]int64{}
	s.counts.counts.Range(func(name, count any) bool {
		names[name.(string)] = count.(*atomic.Int64).Load() //nolint:forcetypeassert // as above
		return true
	})
	return names
}
