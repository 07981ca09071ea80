package policy

import (
	"runtime"
	"sync"
	"weak"
)

// shared has the viewers that somebody keeps, by their keys.
type shared struct {
	mu sync.Mutex
	of map[string]weak.Pointer[Viewer]
}

// share is v, or one like it that somebody keeps already.
func (s *shared) share(v *Viewer) *Viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.of[v.key].Value(); known != nil {
		return known
	}
	if s.of == nil {
		s.of = map[string]weak.Pointer[Viewer]{}
	}
	s.of[v.key] = weak.Make(v)
	runtime.AddCleanup(v, s.forget, v.key)
	return v
}

// forget forgets a viewer that nobody keeps, unless there is another one by now.
func (s *shared) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[key].Value() == nil {
		delete(s.of, key)
	}
}
