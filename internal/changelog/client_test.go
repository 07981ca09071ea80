package changelog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"rowcast/internal/changelog"
	"rowcast/internal/feed"
)

// client receives the stream of one tenant over any number of connections, to
// one server or another: what its cursor missed from history, then what the
// server publishes.
type client struct {
	tenant  string
	tails   []*tail
	history *changelog.History
	rng     *rand.Rand
	// ended is closed when final, the last position of each tenant, is known.
	ended chan struct{}
	final *map[string]int64

	cursor   feed.Cursor
	received []feed.Change
	resumed  int
}

// run receives until it has everything.
func (c *client) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("client of %s at %d: %w", c.tenant, c.cursor.Position, context.Cause(ctx))
		case <-c.ended:
			if c.cursor.Position >= (*c.final)[c.tenant] {
				return nil
			}
		default:
		}
		c.resumed++
		err := c.session(ctx, c.tails[c.rng.IntN(len(c.tails))], 1+c.rng.IntN(150))
		if errors.Is(err, feed.ErrDiverged) || errors.Is(err, feed.ErrExpired) {
			return fmt.Errorf("resume from %s: %w", c.cursor, err)
		}
	}
}

// session receives at least n changes, unless the stream ends before.
func (c *client) session(ctx context.Context, from *tail, n int) error {
	// From here on what is published is taken from the server.
	from.mu.Lock()
	next, head := len(from.changes), int64(0)
	for i := next - 1; i >= 0 && head == 0; i-- {
		if from.changes[i].Tenant == c.tenant {
			head = from.changes[i].Position
		}
	}
	from.mu.Unlock()
	for c.cursor.Position < head {
		page, err := c.history.After(ctx, c.tenant, c.cursor, 1+c.rng.IntN(50))
		if err != nil {
			return err
		}
		n -= len(page.Changes)
		for _, change := range page.Changes {
			c.take(change)
		}
	}
	leave := time.NewTimer(time.Duration(1+c.rng.IntN(500)) * time.Millisecond)
	defer leave.Stop()
	for n > 0 {
		from.mu.Lock()
		fresh, changed := from.changes[next:], from.changed
		from.mu.Unlock()
		next += len(fresh)
		for _, change := range fresh {
			if change.Tenant == c.tenant && change.Position > c.cursor.Position {
				c.take(change)
				n--
			}
		}
		select {
		case <-changed:
		case <-leave.C:
			return nil
		case <-c.ended:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func (c *client) take(change feed.Change) {
	c.received = append(c.received, change)
	c.cursor = feed.Head{Epoch: change.Epoch, Position: change.Position, Nonce: change.Nonce}.Cursor()
}
