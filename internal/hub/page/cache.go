package page

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"rowcast/internal/access/limit"
	"rowcast/internal/feed"
	"rowcast/internal/hub/ring"
	"rowcast/internal/view"
)

// Pages are kept for a moment, no longer than keep, and no more bytes than this
// of those that were read.
const (
	maxBytes = 16 << 20
	keep     = 5 * time.Second
)

// Key is what a page is asked for by.
type Key struct {
	Tenant string
	// Encoder is the index of the one for which the events are encoded, and View the key of
	// the view that sees them. Rules says by which rules that was made.
	Encoder int
	View    string
	Rules   int64
	After   feed.Cursor
}

// Page is a piece of the history as the ring would hold it.
type Page struct {
	ring.Window
	// Next is the index of the first entry that follows after the cursor.
	Next int64
	// Feed is that of all cursors.
	Epoch string
	// Hole: a change is missing behind the last entry.
	Hole bool
	// Size is how many bytes of memory it takes.
	Size int
}

// Options is what a Cache reads with.
type Options struct {
	Read func(k Key, sees *view.View) (Page, error)
	// Turns are those of reading.
	Turns *limit.Turns
	// Spawn starts a goroutine. It returns false when it is too late for that; the
	// contexts of clients that wait end then.
	Spawn func(func()) bool
}

// Cache has the pages that were asked for last. It is safe for concurrent use.
type Cache struct {
	opts Options

	mu sync.Mutex
	// m has the pages that are waited for or kept.
	m map[Key]*page
	// shelves have those that are kept, by tenant.
	shelves map[string]*shelf
	bytes   int
	// uses counts what was asked for.
	uses int64
}

// shelf has the pages of a tenant that are kept.
type shelf struct {
	pages []*page
	bytes int
}

// page is one that is read when it is the turn of a client that waits for it, unless
// another one has it by then. Until it is there done is open.
type page struct {
	Page
	key  Key
	sees *view.View
	err  error
	done chan struct{}
	// settled: somebody reads it, or nobody has to any more.
	settled bool
	// waiting is how many wait for it.
	waiting int
	// at is when it was read, used when it was last asked for, by Cache.uses.
	at   time.Time
	used int64
}

// New makes a Cache.
func New(o Options) *Cache {
	return &Cache{opts: o, m: make(map[Key]*page), shelves: make(map[string]*shelf)}
}

// Get is what follows after a cursor, as a view with the key sees it, read at most a moment
// ago: a page, or the
// rest of one that the cursor points into. Everybody waits for a turn of his own or
// for the page, whichever comes first, so that a client that asks for much keeps no
// page from others.
func (c *Cache) Get(ctx context.Context, key Key, sees *view.View, subject string) (Page, error) {
	g, settled := c.find(key, sees)
	defer c.leave(g)
	if !settled {
		if err := c.compete(ctx, g, subject); err != nil {
			return Page{}, err
		}
	}
	select {
	case <-g.done:
		return g.Page, g.err
	case <-ctx.Done():
		return Page{}, ctx.Err()
	}
}

// compete reads the page when it is the turn of the subject, unless another one was
// faster.
func (c *Cache) compete(ctx context.Context, g *page, subject string) error {
	turn, err := c.opts.Turns.Ask(limit.Party{Tenant: g.key.Tenant, Subject: subject})
	if err != nil {
		return fmt.Errorf("read a page of tenant %q: %w", g.key.Tenant, err)
	}
	select {
	case <-turn.Mine():
		// The end of reading must not depend on one of those who wait.
		read := func() {
			defer turn.Leave()
			g.Page, g.err = c.opts.Read(g.key, g.sees)
			c.finish(g)
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

// find is the page of a key, which has to be left, and whether it is settled.
func (c *Cache) find(key Key, sees *view.View) (g *page, settled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g = c.m[key]; g == nil {
		g = &page{key: key, sees: sees, done: make(chan struct{})}
		c.m[key] = g
	}
	c.uses++
	g.used = c.uses
	g.waiting++
	return g, g.settled || c.shareLocked(g)
}

// leave forgets a page without readers and without clients that wait for it.
func (c *Cache) leave(g *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.waiting--; g.waiting == 0 && !g.settled {
		c.forgetLocked(g)
	}
}

// begin is true for the one who is to read the page.
func (c *Cache) begin(g *page) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.settled || c.shareLocked(g) {
		return false
	}
	g.settled = true
	return true
}

// shareLocked settles a page with the rest of one that is kept. It returns false if there is
// none.
func (c *Cache) shareLocked(g *page) bool {
	s := c.shelves[g.key.Tenant]
	if s == nil {
		return false
	}
	for _, kept := range s.pages {
		if kept.key.Encoder != g.key.Encoder || kept.key.View != g.key.View || kept.key.Rules != g.key.Rules {
			continue
		}
		if next, ok := kept.within(g.key.After); ok {
			kept.used = c.uses
			g.Page, g.Next = kept.Page, next
			g.settled = true
			c.forgetLocked(g)
			close(g.done)
			return true
		}
	}
	return false
}

// within is the index of the first entry of the page that follows after a cursor. It
// returns false if the cursor is not exactly that of an entry, or if none follows.
func (p *Page) within(c feed.Cursor) (next int64, ok bool) {
	next, ok = p.Find(c)
	return next, ok && next < p.End() && p.At(next-1).Cursor(p.Epoch) == c
}

// finish gives the page to the clients that wait. It is kept for others if that is of
// use, and if it was not forgotten meanwhile.
func (c *Cache) finish(g *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(g.done)
	if g.err != nil || g.Next == g.End() {
		c.forgetLocked(g)
	}
	if c.m[g.key] != g {
		return
	}
	g.at = time.Now()
	s := c.shelves[g.key.Tenant]
	if s == nil {
		s = &shelf{}
		c.shelves[g.key.Tenant] = s
	}
	s.pages = append(s.pages, g)
	s.bytes += g.Size
	c.bytes += g.Size
	for c.bytes > maxBytes {
		c.makeRoomLocked()
	}
}

// makeRoomLocked forgets a page of the tenant whose pages take most: the one that was not
// asked for the longest.
func (c *Cache) makeRoomLocked() {
	var worst *page
	most := 0
	for _, s := range c.shelves {
		for _, g := range s.pages {
			if worst == nil || cmp.Or(cmp.Compare(most, s.bytes), cmp.Compare(g.used, worst.used)) < 0 {
				worst, most = g, s.bytes
			}
		}
	}
	c.dropLocked(worst)
}

// dropLocked forgets a page that is kept.
func (c *Cache) dropLocked(g *page) {
	c.forgetLocked(g)
	s := c.shelves[g.key.Tenant]
	s.pages = slices.DeleteFunc(s.pages, func(o *page) bool { return o == g })
	s.bytes -= g.Size
	c.bytes -= g.Size
	if len(s.pages) == 0 {
		delete(c.shelves, g.key.Tenant)
	}
}

// forgetLocked makes the next client that asks find another page.
func (c *Cache) forgetLocked(g *page) {
	if c.m[g.key] == g {
		delete(c.m, g.key)
	}
}

// Prune forgets the pages that were read a while ago.
func (c *Cache) Prune(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.m {
		if !g.at.IsZero() && now.Sub(g.at) > keep {
			c.dropLocked(g)
		}
	}
}

// Forget forgets all pages.
func (c *Cache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.m)
	clear(c.shelves)
	c.bytes = 0
}

// Bytes is how many bytes of pages are kept.
func (c *Cache) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
