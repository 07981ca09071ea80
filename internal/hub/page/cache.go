package page

import (
	"context"
	"sync"
	"time"

	"rowcast/internal/feed"
)

// Pages are kept for a moment, no longer than keep, and no more bytes than this
// of those that are not being read.
const (
	maxBytes = 16 << 20
	keep     = 5 * time.Second
)

// changeCost is what a change counts beside its rows, in bytes.
const changeCost = 256

// Key is what a page is asked for by.
type Key struct {
	Tenant string
	After  feed.Cursor
}

// Cache has the pages that were asked for last. It is safe for concurrent use.
type Cache struct {
	read  func(Key) (feed.Page, error)
	spawn func(func()) bool

	mu sync.Mutex
	m  map[Key]*page
	// tenants has the pages of m that were read.
	tenants map[string][]*page
	bytes   int
	// uses counts what was asked for.
	uses int64
}

// page is one that is being read, until done is closed, or was read at.
type page struct {
	feed.Page
	key  Key
	err  error
	done chan struct{}
	at   time.Time
	// used is when it was last asked for, by Cache.uses.
	used  int64
	bytes int
}

// New makes a Cache that reads in goroutines of spawn, whose answer is false
// when it is too late for that.
func New(read func(Key) (feed.Page, error), spawn func(func()) bool) *Cache {
	return &Cache{read: read, spawn: spawn, m: make(map[Key]*page), tenants: make(map[string][]*page)}
}

// Get is what follows after a cursor, read at most a moment ago: a page, or the
// rest of one that the cursor points into.
func (c *Cache) Get(ctx context.Context, key Key) (feed.Page, error) {
	g, rest, fresh := c.find(key)
	if g == nil {
		return rest, nil
	}
	if fresh {
		// Its end must not depend on one of those who wait. If it is too late
		// to read, their contexts end.
		c.spawn(func() {
			g.Page, g.err = c.read(key)
			c.finish(g)
		})
	}
	select {
	case <-g.done:
		return g.Page, g.err
	case <-ctx.Done():
		return feed.Page{}, ctx.Err()
	}
}

// find is the page of a key, and whether the caller has to have it read; or none,
// and the rest of another page.
func (c *Cache) find(key Key) (g *page, rest feed.Page, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.uses++
	if known := c.m[key]; known != nil {
		known.used = c.uses
		return known, feed.Page{}, false
	}
	for _, g := range c.tenants[key.Tenant] {
		if i := g.index(key.After); i > 0 {
			g.used = c.uses
			return nil, feed.Page{Changes: g.Changes[i:], More: g.More}, false
		}
	}
	made := &page{key: key, done: make(chan struct{}), used: c.uses}
	c.m[key] = made
	return made, feed.Page{}, true
}

// index is that of the change in g which follows after a cursor, 0 if g cannot
// tell. A cursor into a change carries its nonce, any other that of the change
// before.
func (g *page) index(c feed.Cursor) int {
	low, high := 0, len(g.Changes)
	for low < high {
		if i := (low + high) / 2; g.Changes[i].Position > c.Position {
			high = i
		} else {
			low = i + 1
		}
	}
	if low == 0 || low == len(g.Changes) || g.Changes[low-1].Position != c.Position || g.Changes[low-1].Feed != c.Feed {
		return 0
	}
	nonce := g.Changes[low-1].Nonce
	if c.Delivered > 0 {
		nonce = g.Changes[low].Nonce
	}
	if nonce != c.Nonce {
		return 0
	}
	return low
}

// finish lets those who wait have the page. It is kept for others if that is
// of use, and if it was not forgotten meanwhile.
func (c *Cache) finish(g *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(g.done)
	if c.m[g.key] != g {
		return
	}
	if g.err != nil || len(g.Changes) == 0 {
		delete(c.m, g.key)
		return
	}
	g.at = time.Now()
	for i := range g.Changes {
		g.bytes += changeCost + len(g.Changes[i].After) + len(g.Changes[i].Before)
	}
	c.bytes += g.bytes
	c.tenants[g.key.Tenant] = append(c.tenants[g.key.Tenant], g)
	for c.bytes > maxBytes {
		c.drop(c.eldest())
	}
}

// eldest is the page that was not asked for the longest. c.mu held.
func (c *Cache) eldest() (eldest *page) {
	for _, pages := range c.tenants {
		for _, g := range pages {
			if eldest == nil || g.used < eldest.used {
				eldest = g
			}
		}
	}
	return eldest
}

// drop forgets a page that was read. c.mu held.
func (c *Cache) drop(g *page) {
	delete(c.m, g.key)
	c.bytes -= g.bytes
	pages := c.tenants[g.key.Tenant]
	for i := range pages {
		if pages[i] == g {
			pages[i] = pages[len(pages)-1]
			pages[len(pages)-1] = nil
			pages = pages[:len(pages)-1]
			break
		}
	}
	if len(pages) == 0 {
		delete(c.tenants, g.key.Tenant)
	} else {
		c.tenants[g.key.Tenant] = pages
	}
}

// Prune forgets the pages that were read a while ago.
func (c *Cache) Prune(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.m {
		if !g.at.IsZero() && now.Sub(g.at) > keep {
			c.drop(g)
		}
	}
}

// Forget forgets all pages.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.m)
	clear(c.tenants)
	c.bytes = 0
}

// Bytes is how many bytes of pages are kept.
func (c *Cache) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
