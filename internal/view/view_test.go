package view_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
	"rowcast/internal/view"
	"rowcast/internal/view/where"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open sees the orders that are open.
func open(t testing.TB) *view.View {
	t.Helper()
	f, err := where.Parse([]byte(`{"order":{"status":"open","warehouse_id":{"in":[5,6]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]where.Column{"status": {Type: "text", Kind: where.Text}, "warehouse_id": {Type: "integer", Kind: where.Number}}
	written := func(_ context.Context, wanted []where.Wanted) (values []json.RawMessage, _ error) {
		for _, w := range wanted {
			text := w.Text
			if w.Column.Kind == where.Text {
				text = `"` + text + `"`
			}
			values = append(values, json.RawMessage(text))
		}
		return values, nil
	}
	bound, err := f.Bind(t.Context(), map[string]map[string]where.Column{"order": columns}, written)
	if err != nil {
		t.Fatal(err)
	}
	return view.New(f.Canonical(), bound)
}

func change(op feed.Op, before, after string) *feed.Change {
	c := &feed.Change{Epoch: "f", Tenant: "T", From: 1, Position: 1, Name: "order", Table: "orders", Op: op}
	if before != "" {
		c.Before = []byte(before)
	}
	if after != "" {
		c.After = []byte(after)
	}
	return c
}

const (
	in      = `{"id":1,"warehouse_id":5,"status":"open","total":12345678901234567890}`
	out     = `{"id":1,"warehouse_id":5,"status":"shipped","total":12345678901234567890}`
	inSent  = `{"id":1,"warehouse_id":5,"status":"open","total":"12345678901234567890"}`
	outSent = `{"id":1,"warehouse_id":5,"status":"shipped","total":"12345678901234567890"}`
)

// seen writes down what the view sees of the change.
func seen(v *view.View, c *feed.Change) (lines []string) {
	var looked view.Change
	events := mapping.Events(c)
	looked.Set(c, nil)
	looked.With(events)
	decided := v.Decide(&looked)
	for i := range events {
		if e := looked.See(decided[0], i); e != nil {
			lines = append(lines, strings.TrimSpace(strings.Join([]string{e.Name, e.Match, string(e.Data), strings.Join(e.Changed, ","), string(e.Previous)}, " ")))
		}
	}
	return lines
}

func TestSee(t *testing.T) {
	t.Parallel()
	v := open(t)
	bulk := change(feed.Insert, "", "")
	bulk.Bulk, bulk.Position = true, 5
	unread := change(feed.Insert, "", "")
	unread.Unreadable = &feed.Unreadable{Reason: feed.Size}
	other := change(feed.Insert, "", `{"status":"x"}`)
	other.Name = "invoice"
	const changed = `order:status-changed  {"orderId":1,"status":`
	for _, test := range []struct {
		name   string
		change *feed.Change
		want   []string
	}{
		{"a row of the view", change(feed.Insert, "", in), []string{"order:created  " + inSent}},
		{"another", change(feed.Insert, "", out), nil},
		{"a row of the view is deleted", change(feed.Delete, in, ""), []string{"order:deleted  " + inSent}},
		{"another is", change(feed.Delete, out, ""), nil},
		{"enters", change(feed.Update, out, in), []string{"order:updated entered " + inSent, changed + `"open","previousStatus":"shipped","order":` + inSent + `} status {"status":"shipped"}`}},
		{"leaves", change(feed.Update, in, out), []string{"order:updated left " + inSent, changed + `"shipped","previousStatus":"open","order":` + outSent + `} status {"status":"open"}`}},
		{"leaves, what did not change is left out", change(feed.Update, `{"status":"open"}`, out), []string{"order:updated left " + inSent, changed + `"shipped","previousStatus":"open","order":` + outSent + `} status {"status":"open"}`}},
		{"stays", change(feed.Update, `{"total":1}`, in), []string{"order:updated  " + inSent + ` total {"total":1}`}},
		{"stays outside", change(feed.Update, `{"total":1}`, out), nil},
		{"is replayed", change(feed.Replay, "", in), []string{"order:replayed  " + inSent}},
		{"a statement", bulk, []string{`order:bulk  {"operation":"insert","table":"orders","count":5,"from":1,"to":5}`}},
		{"all rows", change(feed.Truncate, "", ""), []string{`order:truncated  {"table":"orders"}`}},
		{"cannot be read", unread, []string{`order:unreadable  {"operation":"insert","table":"orders","reason":"size"}`}},
		{"is no object", change(feed.Insert, "", `[]`), []string{`order:unreadable  {"operation":"insert","table":"orders","reason":"mapping"}`}},
		{"another table", other, []string{`invoice:created  {"status":"x"}`}},
	} {
		if got := seen(v, test.change); strings.Join(got, "\n") != strings.Join(test.want, "\n") {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
	if got := seen(nil, change(feed.Update, in, out)); len(got) != 2 || strings.Contains(got[0], "left") {
		t.Errorf("without a view: %q", got)
	}
}

func TestSeenEventsAreShared(t *testing.T) {
	t.Parallel()
	a, b := open(t), open(t)
	for _, c := range []*feed.Change{change(feed.Update, in, out), change(feed.Update, out, in), change(feed.Insert, "", in)} {
		var looked view.Change
		events := mapping.Events(c)
		looked.Set(c, nil)
		looked.With(events)
		if looked.See(a.Decide(&looked)[0], 0) != looked.See(b.Decide(&looked)[0], 0) {
			t.Errorf("two views have two events of %s", c.Op)
		}
	}
	if c := change(feed.Insert, "", in); true {
		var looked view.Change
		events := mapping.Events(c)
		looked.Set(c, nil)
		looked.With(events)
		if looked.See(a.Decide(&looked)[0], 0) != &events[0] {
			t.Error("an event that is seen as it is has been copied")
		}
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	v, c := open(t), change(feed.Update, out, in)
	var looked view.Change
	events := mapping.Events(c)
	looked.Set(c, nil)
	looked.With(events)
	v.Decide(&looked)
	if n := testing.AllocsPerRun(100, func() {
		looked.Set(c, nil)
		looked.With(events)
		v.Decide(&looked)
		looked.Parts()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkDecide is a view of two conditions on a change of which the rows are read
// already, and one for which it reads them.
func BenchmarkDecide(b *testing.B) {
	v, c := open(b), change(feed.Update, out, in)
	events := mapping.Events(c)
	b.Run("first", func(b *testing.B) {
		var looked view.Change
		for b.Loop() {
			looked.Set(c, nil)
			looked.With(events)
			v.Decide(&looked)
		}
	})
	b.Run("further", func(b *testing.B) {
		var looked view.Change
		looked.Set(c, nil)
		looked.With(events)
		for b.Loop() {
			v.Decide(&looked)
		}
	})
}
