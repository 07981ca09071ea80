package history

import (
	"context"
	"errors"
	"fmt"

	"rowcast/internal/access/limit"
	"rowcast/internal/feed"
	"rowcast/internal/feed/unreadable"
	"rowcast/internal/mapping"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
)

const (
	// pageSize and maxReads bound what is read for one request: changes, and how
	// often. filteredReads is how often if a filter lets nothing else end the page.
	pageSize, maxReads, filteredReads = 1000, 10, 4
	// maxBody is the size of an answer in bytes after which no event is added.
	maxBody = 1 << 20
)

// Source reads the durable log. Each row should be a change of its own.
type Source interface {
	// Oldest is the cursor before the first change of the tenant that is kept.
	Oldest(ctx context.Context, tenant string) (feed.Cursor, error)
	// After reads the changes of the tenant after c, oldest first, about limit of
	// them. If c points into a change, that one comes first. The errors
	// feed.ErrExpired and feed.ErrDiverged are final.
	After(ctx context.Context, tenant string, c feed.Cursor, limit int) (feed.Page, error)
}

// query is what a request asks for.
type query struct {
	// subject asks, as a member of the tenant.
	tenant, subject string
	after           feed.Cursor
	// oldest: from the oldest change that is kept, instead of after.
	oldest bool
	filter mapping.Filter
	wish   *view.View
	// viewer says what the client may see by the rules as they are.
	viewer func() (*policy.Viewer, *transport.Problem)
	// subjects are all that the client is.
	subjects []view.Subject
	limit    int
}

func (q *query) party() limit.Party { return limit.Party{Tenant: q.tenant, Subject: q.subject} }

// all says whether every event is wanted.
func (q *query) all() bool { return q.filter.All() && q.wish == nil }

// reads is how often a page may read.
func (q *query) reads() int {
	if q.all() {
		return maxReads
	}
	return filteredReads
}

// page is an answer in the making.
type page struct {
	q    *query
	sees *view.View
	// rules are those by which sees was made.
	rules  *policy.Policy
	unread *unreadable.Log
	body   []byte
	// events is how many it has, at how far it has come.
	events int
	at     feed.Cursor
}

// read reads a page.
func (h *Handler) read(ctx context.Context, q query) (*page, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	p := &page{q: &q, unread: h.opts.Unreadable, body: []byte(`{"events":[`), at: q.after}
	begun, more := !q.oldest, true
	from := source{h.opts.Source, h.share, q.party()}
	for reads := 0; more; reads++ {
		if !begun {
			oldest, err := from.Oldest(ctx, q.tenant)
			if err != nil {
				return nil, err
			}
			p.at, begun = oldest, true
		}
		if reads == q.reads() { // to know whether there is more, nothing else
			rest, err := from.After(ctx, q.tenant, p.at, 1)
			if err != nil && !errors.Is(err, errBusy) {
				return nil, err
			}
			more = err != nil || len(rest.Changes) > 0
			break
		}
		changes, err := from.After(ctx, q.tenant, p.at, p.size())
		if errors.Is(err, errBusy) && reads > 0 { // the next page goes on
			break
		}
		switch {
		case errors.Is(err, feed.ErrExpired) && q.oldest && p.events == 0 && ctx.Err() == nil:
			// Pruned meanwhile, as it may be again: the time for reading is the bound.
			begun, reads = false, reads-1
			continue
		case err != nil:
			return nil, err
		}
		if err := h.look(ctx, p, changes.Rules); errors.Is(err, errOutdated) && reads > 0 { // the next page is by the new rules
			break
		} else if err != nil {
			return nil, err
		}
		if p.add(&h.opts, changes.Changes) {
			break
		}
		more = changes.More
	}
	p.finish(more)
	return p, nil
}

// size is how many changes to read next.
func (p *page) size() int {
	if !p.q.all() {
		return pageSize
	}
	return max(p.q.limit-p.events, 1)
}

// errOutdated: the rules are others than those of what was read before.
var errOutdated = errors.New("the rules have changed")

// look makes the view by the rules with which changes were read, or newer ones. The error
// is errOutdated if those of the page before are others.
func (h *Handler) look(ctx context.Context, p *page, version int64) error {
	if err := h.opts.Take(ctx, version); err != nil {
		return fmt.Errorf("take over version %d of the rules: %w", version, err)
	}
	now := h.opts.Gate.Rules.Policy()
	switch {
	case p.rules == now && now != nil:
		return nil
	case p.rules != nil:
		return errOutdated
	}
	viewer, refused := p.q.viewer()
	if refused != nil {
		return refused
	}
	p.rules, p.sees = now, p.q.wish.For(viewer)
	if tag := p.at.Tag; !p.q.oldest && tag != feed.AnyTag && tag != p.sees.Tag() {
		return feed.ErrPolicy
	}
	return nil
}

// add adds the events of changes that follow. It returns true if one did not fit.
func (p *page) add(o *Options, changes []feed.Change) (full bool) {
	var c view.Change
	walk := feed.Walk{At: p.at, Events: c.Events(o.Map, o.Own, p.unread)}
	for i := range changes {
		events := walk.Next(&changes[i])
		c.With(events)
		decided := p.sees.Decide(&c)
		for k := range events {
			for n, part := range c.Parts() {
				if !part.Has(p.q.subjects) {
					continue
				}
				if e := c.See(decided[n], k); e != nil && p.q.filter.Match(e.Name) && !p.put(e) {
					return true
				}
			}
			p.at = events[k].Cursor
		}
		p.at = walk.At
	}
	return false
}

// put adds an event. It returns false if there is no room for it; for one event there
// always is.
func (p *page) put(e *feed.Event) bool {
	before := len(p.body)
	if p.events == p.q.limit {
		return false
	}
	if p.events > 0 {
		p.body = append(p.body, ',')
	}
	p.body = p.unread.Frame(p.body, e, encode.Message{})
	if p.events > 0 && len(p.body) > maxBody {
		p.body = p.body[:before]
		return false
	}
	p.events++
	return true
}

// finish ends the answer.
func (p *page) finish(more bool) {
	p.body = append(p.body, `],"cursor":`...)
	p.at.Tag = p.sees.Tag()
	p.body = encode.AppendString(p.body, p.at.String())
	p.body = append(p.body, `,"more":`...)
	if more {
		p.body = append(p.body, "true"...)
	} else {
		p.body = append(p.body, "false"...)
	}
	p.body = append(p.body, "}\n"...)
}
