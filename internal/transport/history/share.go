package history

import (
	"context"
	"errors"
	"net/http"
	"time"

	"rowcast/internal/access/limit"
	"rowcast/internal/feed"
	"rowcast/internal/transport"
)

// errBusy: it did not become the turn of a request in time.
var errBusy = errors.New("too many clients read the history")

// share divides what a server has for the history among tenants, and in a tenant
// among its subjects.
type share struct {
	// pages is how often a subject may ask. A client without a subject is its tenant.
	pages *limit.Rates[limit.Party]
	// answers are the turns of having an answer, from before it is read until the
	// client has taken it; reads are those of one read of the source.
	answers, reads *limit.Turns
	maxWait        time.Duration
}

func newShare(o *Options) *share {
	return &share{
		pages:   limit.NewRates[limit.Party](o.Rate, o.Burst),
		answers: limit.NewTurns(limit.Bounds{Subject: 4, Tenant: 8, All: 48}, limit.Bounds{Subject: 16, Tenant: 256, All: 4096}),
		reads:   limit.NewTurns(limit.Bounds{All: o.Readers}, limit.Bounds{}),
		maxWait: o.MaxWait,
	}
}

// admit waits until a request may have an answer. A caller that gets one without a
// Problem leaves it.
func (s *share) admit(ctx context.Context, q query) (*limit.Turn, *transport.Problem) {
	party := limit.Party{Subject: q.subject}
	if q.subject == "" {
		party.Tenant = q.tenant
	}
	if wait, ok := s.pages.Allow(party, time.Now()); !ok {
		return nil, tooMany(wait+time.Second, "this subject asks for pages of the history too often; try again later, with a larger limit")
	}
	turn, err := s.answers.Ask(q.party())
	switch {
	case errors.Is(err, limit.ErrOwnShare):
		return nil, tooMany(retryBusy, "too many requests of this subject or tenant wait for the history; wait for their answers, then try again")
	case err != nil:
		return nil, busy()
	}
	if err := s.await(ctx, turn); err != nil {
		turn.Leave()
		return nil, busy()
	}
	return turn, nil
}

// await waits for a turn.
func (s *share) await(ctx context.Context, turn *limit.Turn) error {
	select {
	case <-turn.Mine():
		return nil
	default:
	}
	maxWait := time.NewTimer(s.maxWait)
	defer maxWait.Stop()
	select {
	case <-turn.Mine():
		return nil
	case <-maxWait.C:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
	}
	return errBusy
}

// source is a Source each read of which is a turn.
type source struct {
	Source
	share *share
	party limit.Party
}

func (s source) turn(ctx context.Context) (*limit.Turn, error) {
	turn, err := s.share.reads.Ask(s.party)
	if err != nil {
		return nil, errBusy
	}
	if err := s.share.await(ctx, turn); err != nil {
		turn.Leave()
		return nil, err
	}
	return turn, nil
}

// Oldest implements Source.
func (s source) Oldest(ctx context.Context, tenant string) (feed.Cursor, error) {
	turn, err := s.turn(ctx)
	if err != nil {
		return feed.Cursor{}, err
	}
	defer turn.Leave()
	return s.Source.Oldest(ctx, tenant)
}

// After implements Source.
func (s source) After(ctx context.Context, tenant string, c feed.Cursor, most int) (feed.Page, error) {
	turn, err := s.turn(ctx)
	if err != nil {
		return feed.Page{}, err
	}
	defer turn.Leave()
	return s.Source.After(ctx, tenant, c, most)
}

func busy() *transport.Problem {
	return &transport.Problem{
		Status: http.StatusServiceUnavailable, Code: transport.Unavailable, Retry: retryBusy, About: "history",
		Detail: "too many clients read the history at the moment; try again in a moment",
	}
}

func tooMany(wait time.Duration, detail string) *transport.Problem {
	return &transport.Problem{Status: http.StatusTooManyRequests, Code: transport.RateLimited, Retry: wait, About: "history", Detail: detail}
}
