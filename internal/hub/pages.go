package hub

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rowcast/internal/feed"
)

// Pages are kept for a moment, as many as this and as long as pageKeep.
const (
	maxPages = 16
	pageKeep = 5 * time.Second
)

// pages shares what is read of the history: a crowd that was cut off at once,
// and finds a server that has just started, asks for the same few pages.
type pages struct {
	mu sync.Mutex
	m  map[pageKey]*page
}

// pageKey is what a page was asked for by.
type pageKey struct {
	tenant string
	after  feed.Cursor
}

// page is one that is being read, until done is closed, or was read at.
type page struct {
	feed.Page
	err  error
	done chan struct{}
	at   time.Time
}

// get is the page of a key, and whether the caller has to have it read.
func (p *pages) get(key pageKey) (_ *page, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.m[key]; known != nil {
		return known, false
	}
	if p.m == nil {
		p.m = make(map[pageKey]*page)
	}
	made := &page{done: make(chan struct{})}
	p.m[key] = made
	return made, true
}

// finish lets those who wait have the page. It is kept for others if that is
// of use, and if it was not forgotten meanwhile.
func (p *pages) finish(key pageKey, g *page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g.at = time.Now()
	if p.m[key] == g && (g.err != nil || len(g.Changes) == 0 || len(p.m) > maxPages) {
		delete(p.m, key)
	}
	close(g.done)
}

// prune forgets the pages that were read before.
func (p *pages) prune(before time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, g := range p.m {
		if !g.at.IsZero() && g.at.Before(before) {
			delete(p.m, key)
		}
	}
}

// forget forgets all pages.
func (p *pages) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.m)
}

// readAfter is a page of the history, read at most a moment ago.
func (h *Hub) readAfter(ctx context.Context, tenant string, c feed.Cursor) (feed.Page, error) {
	key := pageKey{tenant, c}
	g, fresh := h.pages.get(key)
	if fresh {
		// Its end must not depend on one of those who wait. If it is too late
		// to read, their contexts end.
		h.spawn(func() {
			g.Page, g.err = h.readPage(key)
			h.pages.finish(key, g)
		})
	}
	select {
	case <-g.done:
		return g.Page, g.err
	case <-ctx.Done():
		return feed.Page{}, ctx.Err()
	}
}

// readPage reads a page of the history.
func (h *Hub) readPage(key pageKey) (feed.Page, error) {
	release, err := h.acquire(h.ctx)
	if err != nil {
		return feed.Page{}, err
	}
	defer release()
	h.count.reads.Add(1)
	page, err := h.opts.History.After(h.ctx, key.tenant, key.after, h.opts.PageSize)
	if err != nil {
		return feed.Page{}, fmt.Errorf("read changes of tenant %q after %s: %w", key.tenant, key.after, err)
	}
	return page, nil
}
