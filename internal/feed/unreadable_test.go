package feed_test

import (
	"encoding/json"
	"testing"
	"time"

	"rowcast/internal/feed"
)

// TestWithout: what is told of a change that cannot be read, and of an event that
// cannot, has its place and nothing of the row.
func TestWithout(t *testing.T) {
	t.Parallel()
	c := feed.Change{
		Epoch: "f", Tenant: "T", From: 7, Position: 7, Nonce: 3, Table: `or"ders`, Name: "order", Op: feed.Update,
		After: []byte(`{"a":"secret"}`), Before: []byte(`{"a":"secret"}`), At: time.Unix(1, 0), Tx: 9, Writer: "psql",
	}
	for _, reason := range feed.Reasons() {
		why := &feed.Unreadable{Reason: reason, Detail: "secret"}
		whole := c.Without(why)
		derived := feed.Event{
			Name: "stock:adjusted", Stem: "order", Tenant: "T", Position: 7, Cursor: whole.Cursor, At: c.At, Data: c.After,
			Changed: []string{"a"}, Previous: c.Before, Source: whole.Source,
		}
		for _, e := range []feed.Event{whole, derived.Without(why)} {
			var data map[string]string
			if err := json.Unmarshal(e.Data, &data); err != nil || len(data) != 3 || data["operation"] != "update" || data["table"] != c.Table ||
				data["reason"] != string(reason) {
				t.Errorf("the data is %s, %v", e.Data, err)
			}
			if e.Name != "order:unreadable" || e.Tenant != "T" || e.From != 0 || e.Position != 7 || e.Cursor.String() != "f.7.3" || !e.At.Equal(c.At) ||
				e.Changed != nil || e.Previous != nil || e.Source != (feed.Source{Table: c.Table, Op: "update", Tx: "9", Writer: "psql"}) || e.Unreadable != why {
				t.Errorf("%+v", e)
			}
		}
	}
	bulk := c
	bulk.Bulk, bulk.From = true, 2
	if e := bulk.Without(&feed.Unreadable{}); e.From != 2 || e.Position != 7 {
		t.Errorf("of a bulk change: %+v", e)
	}
	if e := (&feed.Event{Name: "dashboard:stats-updated"}).Without(&feed.Unreadable{}); e.Name != "dashboard:unreadable" {
		t.Errorf("of an event without a table: %s", e.Name)
	}
}
