package socket

import (
	"context"
	"sync"
)

// ConnGroup counts connections. Unlike a sync.WaitGroup it may be waited for while
// it goes up.
type ConnGroup struct {
	mu sync.Mutex
	n  int
	// zero, if not nil, is closed when n comes to 0.
	zero chan struct{}
}

// Run counts f while it runs, in a goroutine of its own.
func (t *ConnGroup) Run(f func()) {
	t.mu.Lock()
	t.n++
	t.mu.Unlock()
	go func() {
		defer t.done()
		f()
	}()
}

func (t *ConnGroup) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n--
	if t.n == 0 && t.zero != nil {
		close(t.zero)
		t.zero = nil
	}
}

// Wait returns when the count is 0, or ctx has ended.
func (t *ConnGroup) Wait(ctx context.Context) error {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return nil
	}
	if t.zero == nil {
		t.zero = make(chan struct{})
	}
	zero := t.zero
	t.mu.Unlock()
	select {
	case <-zero:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
