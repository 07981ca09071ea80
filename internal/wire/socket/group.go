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
func (g *ConnGroup) Run(f func()) {
	g.mu.Lock()
	g.n++
	g.mu.Unlock()
	go func() {
		defer g.done()
		f()
	}()
}

func (g *ConnGroup) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n--
	if g.n == 0 && g.zero != nil {
		close(g.zero)
		g.zero = nil
	}
}

// Wait returns when the count is 0, or ctx has ended.
func (g *ConnGroup) Wait(ctx context.Context) error {
	g.mu.Lock()
	if g.n == 0 {
		g.mu.Unlock()
		return nil
	}
	if g.zero == nil {
		g.zero = make(chan struct{})
	}
	zero := g.zero
	g.mu.Unlock()
	select {
	case <-zero:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
