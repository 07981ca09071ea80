package hub_test

import (
	"context"
	"testing"
	"testing/synctest"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// bulkHistory has one statement of six rows, at the positions 5 to 10.
type bulkHistory struct{}

const bulkNonce = 77

func bulkAfter(position int64) feed.Change {
	return feed.Change{
		Epoch: feedID, Tenant: "T", From: position + 1, Position: 10, Nonce: bulkNonce, Name: "1", Bulk: true,
	}
}

func (bulkHistory) Head(_ context.Context, _ string, sequence int64) (feed.Head, error) {
	if sequence == 0 {
		return feed.Head{Epoch: feedID, Position: 4, Nonce: 4}, nil
	}
	return feed.Head{Epoch: feedID, Position: 10, Nonce: bulkNonce}, nil
}

func (bulkHistory) After(_ context.Context, _ string, c feed.Cursor, _ int) (feed.Page, error) {
	if c.Position == 10 {
		return feed.Page{}, nil
	}
	return feed.Page{Changes: []feed.Change{bulkAfter(c.Position)}}, nil
}

// TestResumeInsideABulkStatement: a client that read some of the rows one by
// one, the last of them in part, gets the rest as one event.
func TestResumeInsideABulkStatement(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"ring", "history"} {
		for _, had := range []feed.Cursor{
			{Position: 4, Delivered: 1}, {Position: 5}, {Position: 6, Delivered: 2}, {Position: 9},
		} {
			had.Epoch, had.Nonce = feedID, bulkNonce
			t.Run(from+" "+had.String(), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(o *room.Options) { o.History = bulkHistory{} }, func(t *testing.T, b *bundle) {
					if from == "ring" {
						b.join(t, newConn(unlimited), session.Request{Tenant: "T"})
					}
					b.Publish([]feed.Change{bulkAfter(4)}, 1)
					synctest.Wait()
					c := newConn(unlimited)
					b.join(t, c, session.Request{
						Tenant: "T", Cursor: had.String(), Admit: func(name string) bool { return name != "stats" },
					})
					last := bulkAfter(4)
					is(t, c, "joined "+had.String()[len(feedID)+1:]+", event e0@"+at(last)[len(feedID)+1:])
				})
			})
		}
	}
}
