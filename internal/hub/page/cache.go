package page

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/limit"
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

// Options is what a Cache reads with.
type Options struct {
	Read func(Key) (feed.Page, error)
	// Turns are those of reading.
	Turns *limit.Turns
	// Spawn starts a goroutine. It is false when it is too late for that; the
	// contexts of those who wait end then.
	Spawn func(func()) bool
}

// Cache has the pages that were read last. It is safe for concurrent use.
type Cache struct {
	opts Options

	mu sync.Mutex
	// m has the pages that are waited for or kept, kept those that are kept.
	m, kept map[Key]*page
}

// page is one that is read when it is the turn of somebody who waits for it. Until
// then done is open.
type page struct {
	feed.Page
	err  error
	done chan struct{}
	// reading: somebody reads it.
	reading bool
	// waiting is how many wait for it.
	waiting int
	// at is when it was read.
	at time.Time
}

// New makes a Cache.
func New(o Options) *Cache {
	return &Cache{opts: o, m: make(map[Key]*page), kept: make(map[Key]*page)}
}

// Get is a page, read at most a moment ago. Everybody waits for a turn of his own
// or for the page, whichever comes first, so that who has asked for a lot does not
// keep a page from others that he has asked for, too.
func (c *Cache) Get(ctx context.Context, key Key, subject string) (feed.Page, error) {
	g, reading := c.find(key)
	defer c.leave(key, g)
	if !reading {
		if err := c.compete(ctx, key, g, subject); err != nil {
			return feed.Page{}, err
		}
	}
	select {
	case <-g.done:
		return g.Page, g.err
	case <-ctx.Done():
		return feed.Page{}, ctx.Err()
	}
}

// compete has the page read when it is the turn of the subject, unless another one
// was faster.
func (c *Cache) compete(ctx context.Context, key Key, g *page, subject string) error {
	turn, err := c.opts.Turns.Ask(limit.Who{Tenant: key.Tenant, Subject: subject})
	if err != nil {
		return fmt.Errorf("read a page of tenant %q: %w", key.Tenant, err)
	}
	select {
	case <-turn.Mine():
		// The end of reading must not depend on one of those who wait.
		read := func() {
			defer turn.Leave()
			g.Page, g.err = c.opts.Read(key)
			c.finish(key, g)
		}
		if c.begin(g) && c.opts.Spawn(read) {
			return nil
		}
	case <-g.done:
	case <-ctx.Done():
	}
	turn.Leave()
	return nil
}

// find is the page of a key, which has to be left, and whether somebody reads it or
// has read it.
func (c *Cache) find(key Key) (g *page, reading bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g = c.m[key]; g == nil {
		g = &page{done: make(chan struct{})}
		c.m[key] = g
	}
	g.waiting++
	return g, g.reading
}

// leave forgets a page that nobody reads and nobody waits for any more.
func (c *Cache) leave(key Key, g *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.waiting--; g.waiting == 0 && !g.reading && c.m[key] == g {
		delete(c.m, key)
	}
}

// begin is true for the one who is to read the page.
func (c *Cache) begin(g *page) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !g.reading
	g.reading = true
	return first
}

// finish lets those who wait have the page. It is kept for others if that is
// of use, and if it was not forgotten meanwhile.
func (c *Cache) finish(key Key, g *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(g.done)
	if c.m[key] != g {
		return
	}
	if g.err != nil || len(g.Changes) == 0 {
		delete(c.m, key)
		return
	}
	g.at = time.Now()
	c.kept[key] = g
	if len(c.kept) > maxPages {
		c.makeRoom()
	}
}

// makeRoom forgets the oldest of the pages of the tenant that has most. c.mu held.
func (c *Cache) makeRoom() {
	of := map[string]int{}
	for key := range c.kept {
		of[key.Tenant]++
	}
	var worst Key
	for key, g := range c.kept {
		more := of[key.Tenant] - of[worst.Tenant]
		if more > 0 || more == 0 && g.at.Before(c.kept[worst].at) {
			worst = key
		}
	}
	c.drop(worst)
}

// drop forgets a page that is kept. c.mu held.
func (c *Cache) drop(key Key) {
	delete(c.m, key)
	delete(c.kept, key)
}

// Prune forgets the pages that were read a while ago.
func (c *Cache) Prune(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, g := range c.kept {
		if now.Sub(g.at) > keep {
			c.drop(key)
		}
	}
}

// Forget forgets all pages.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.m)
	clear(c.kept)
}
