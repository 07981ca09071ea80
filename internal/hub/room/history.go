package room

import (
	"context"
	"fmt"
	"log/slog"
	"math"

	"rowcast/internal/access/limit"
	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
	"rowcast/internal/hub/page"
	"rowcast/internal/hub/ring"
	"rowcast/internal/hub/stream"
	"rowcast/internal/view"
)

// readHead reads the head of a tenant.
func (h *Room) readHead(ctx context.Context, tenant string, sequence int64) (feed.Head, error) {
	turn, err := h.reads.Ask(limit.Party{Tenant: tenant})
	if err != nil {
		return feed.Head{}, fmt.Errorf("read head of tenant %q: %w", tenant, err)
	}
	defer turn.Leave()
	select {
	case <-turn.Mine():
	case <-ctx.Done():
		return feed.Head{}, ctx.Err()
	}
	head, err := h.History.Head(ctx, tenant, sequence)
	if err != nil {
		return feed.Head{}, fmt.Errorf("read head of tenant %q: %w", tenant, err)
	}
	return head, nil
}

// readPage reads a page of the history, within a turn, and encodes it for all who
// ask for it.
func (h *Room) readPage(key page.Key, sees *view.View) (page.Page, error) {
	h.Count.reads.Add(1)
	read, err := h.History.After(h.ctx, key.Tenant, key.After, h.PageSize)
	if err != nil {
		return page.Page{}, fmt.Errorf("read changes of tenant %q after %s: %w", key.Tenant, key.After, err)
	}
	if err := h.Rules(h.ctx, read.Rules); err != nil {
		return page.Page{}, fmt.Errorf("take over version %d of the rules: %w", read.Rules, err)
	}
	if key.Rules != h.Streams.Rules() {
		return page.Page{}, fmt.Errorf("read changes of tenant %q: %w", key.Tenant, stream.ErrOutdated)
	}
	var (
		p     = page.Page{Next: 1, Epoch: key.After.Epoch}
		r     = ring.New(math.MaxInt, key.After)
		c     view.Change
		walk  = feed.Walk{At: key.After, Events: c.Events(h.Map, h.Own, h.Unreadable)}
		frame []byte
	)
	for i := range read.Changes {
		if walk.Misses(&read.Changes[i]) {
			h.Log.Error("history has a hole", slog.String("tenant", key.Tenant),
				slog.Int64("after", walk.At.Position), slog.Int64("from", read.Changes[i].From))
			p.Hole = true
			break
		}
		events := walk.Next(&read.Changes[i])
		c.With(events)
		decided := sees.Decide(&c)
		for k := range events {
			for n, part := range c.Parts() {
				if failpoint.Leaks(failpoint.AudienceOfHistory) {
					part.For = view.Subject{}
				}
				name := ""
				frame = frame[:0]
				if e := c.See(decided[n], k); e != nil {
					name, frame = e.Name, h.Unreadable.Frame(frame, e, h.Encoders[key.Encoder])
				}
				r.PushFor(part, name, events[k].Cursor, frame)
			}
		}
		if len(events) == 0 {
			r.Push("", walk.At, nil)
		}
	}
	p.Window, p.Size = r.Window, r.Size()
	return p, nil
}
