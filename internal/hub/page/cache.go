package page

import (
	"context"
	"sync"
	"time"

	"rowcast/internal/feed"
)

// Pages are kept for a moment, as many as this and as long as keep.
const (
	maxPages = 16
	keep     = 5 * time.Second
)

// Key is what a page is asked for by.
type Key struct {
	Tenant string
	After  feed.Cursor
}

// Cache has the pages that were read last. It is safe for concurrent use.
type Cache struct {
	read  func(Key) (feed.Page, error)
	spawn func(func()) bool

	mu sync.Mutex
	m  map[Key]*page
}

// page is one that is being read, until done is closed, or was read at.
type page struct {
	feed.Page
	err  error
	done chan struct{}
	at   time.Time
}

// New makes a Cache that reads in goroutines of spawn, whose answer is false
// when it is too late for that.
func New(read func(Key) (feed.Page, error), spawn func(func()) bool) *Cache {
	return &Cache{read: read, spawn: spawn, m: make(map[Key]*page)}
}

// Get is a page, read at most a moment ago.
func (c *Cache) Get(ctx context.Context, key Key) (feed.Page, error) {
	g, fresh := c.find(key)
	if fresh {
		// Its end must not depend on one of those who wait. If it is too late
		// to read, their contexts end.
		c.spawn(func() {
			g.Page, g.err = c.read(key)
			c.finish(key, g)
		})
	}
	select {
	case <-g.done:
		return g.Page, g.err
	case <-ctx.Done():
		return feed.Page{}, ctx.Err()
	}
}

// find is the page of a key, and whether the caller has to have it read.
func (c *Cache) find(key Key) (_ *page, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.m[key]; known != nil {
		return known, false
	}
	made := &page{done: make(chan struct{})}
	c.m[key] = made
	return made, true
}

// finish lets those who wait have the page. It is kept for others if that is
// of use, and if it was not forgotten meanwhile.
func (c *Cache) finish(key Key, g *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g.at = time.Now()
	if c.m[key] == g && (g.err != nil || len(g.Changes) == 0 || len(c.m) > maxPages) {
		delete(c.m, key)
	}
	close(g.done)
}

// Prune forgets the pages that were read a while ago.
func (c *Cache) Prune(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, g := range c.m {
		if !g.at.IsZero() && now.Sub(g.at) > keep {
			delete(c.m, key)
		}
	}
}

// Forget forgets all pages.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.m)
}
