package fanout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errUncounted means that the clients have more than was sent to them.
var errUncounted = errors.New("the clients received another number of events than were sent")

// measure runs one side for about d and waits until everything has arrived.
func (r *run) measure(ctx context.Context, s *side, d time.Duration) (Block, error) {
	before, err := s.usage(ctx)
	if err != nil {
		return Block{}, err
	}
	var b Block
	begin := time.Now()
	for first := true; first || r.Mode == Burst && time.Since(begin) < d; first = false {
		changes := Changes{Start: s.count, Count: s.burst}
		if r.Mode == Paced {
			changes.Count, changes.Rate = max(1, int64(d.Seconds()*r.Rate)), r.Rate
		}
		if err := r.push(ctx, s, changes, &b); err != nil {
			return Block{}, err
		}
	}
	b.Elapsed = time.Since(begin)
	if r.Mode == Paced {
		// Who is told late is late as well.
		due := time.Duration(float64(b.Changes-1) / r.Rate * float64(time.Second))
		b.Late = max(b.Late, b.Elapsed-due)
	}
	after, err := s.usage(ctx)
	if err != nil {
		return Block{}, err
	}
	b.CPU, b.Mallocs = after.CPU-before.CPU, after.Mallocs-before.Mallocs
	return b, nil
}

// push makes changes, waits until everybody has them and adds them up.
func (r *run) push(ctx context.Context, s *side, c Changes, b *Block) error {
	published, err := s.publish(ctx, c)
	if err != nil {
		return fmt.Errorf("make %d changes for %s: %w", c.Count, s.name, err)
	}
	s.count += c.Count
	deliveries, wanted := int64(0), int64(0)
	expected := make(map[int]int64, len(s.groups))
	for i, n := range c.per(len(s.groups)) {
		s.sent[i] += n
		expected[s.groups[i]] = s.sent[i]
		deliveries += n * int64(r.sizes[i])
		wanted += s.sent[i] * int64(r.sizes[i])
	}
	var got Received
	if err := r.Load.Call(ctx, "Load.Await", AwaitArgs{Groups: expected, Timeout: r.Timeout}, &got); err != nil {
		return fmt.Errorf("await %d changes of %s: %w", c.Count, s.name, err)
	}
	if got.Events != wanted {
		return fmt.Errorf("%w: %d instead of %d", errUncounted, got.Events, wanted)
	}
	b.Changes += c.Count
	b.Deliveries += deliveries
	b.Bytes += got.Bytes - s.bytes
	s.bytes = got.Bytes
	b.Late = max(b.Late, published.Late)
	return nil
}

// unheard publishes to nobody, then one change to everybody to see it through.
func (r *run) unheard(ctx context.Context) (u Unheard, err error) {
	if r.Unheard == 0 {
		return Unheard{}, nil
	}
	events, err := r.Server.Events(ctx)
	if err != nil {
		return u, err
	}
	before, err := r.Server.Usage(ctx)
	if err != nil {
		return u, err
	}
	if err := r.Server.PublishUnheard(ctx, r.Unheard); err != nil {
		return u, fmt.Errorf("publish to nobody: %w", err)
	}
	var heard Block
	heardChanges := Changes{Start: r.server.count, Count: int64(len(r.Joined))}
	if err := r.push(ctx, &r.server, heardChanges, &heard); err != nil {
		return u, err
	}
	after, err := r.Server.Usage(ctx)
	if err != nil {
		return u, err
	}
	now, err := r.Server.Events(ctx)
	if err != nil {
		return u, err
	}
	return Unheard{
		Changes: int64(r.Unheard), Events: now - events - heardChanges.Count,
		CPU: after.CPU - before.CPU, Mallocs: after.Mallocs - before.Mallocs,
	}, nil
}
