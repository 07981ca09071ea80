package mapping_test

import (
	"encoding/json"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// change is the change of one row at position 42; after and before may be
// empty.
func change(name string, op feed.Op, before, after string) *feed.Change {
	c := &feed.Change{
		Epoch: "0a1b2c3d", Tenant: "acme", From: 42, Position: 42, Nonce: 77,
		Table: name + "s", Name: name, Op: op,
		At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC),
		Tx: 7391, Writer: "psql",
	}
	if before != "" {
		c.Before = json.RawMessage(before)
	}
	if after != "" {
		c.After = json.RawMessage(after)
	}
	return c
}

// names are the names of events.
func names(events []feed.Event) []string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.Name
	}
	return list
}
