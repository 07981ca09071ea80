package where_test

import (
	"context"
	"encoding/json"
	"testing"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/view/where"
)

// bind compiles a filter for the columns "warehouse_id" and "status".
func bind(t testing.TB, text string) *where.Predicate {
	t.Helper()
	f, err := where.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]where.Column{"warehouse_id": {Type: "bigint", Kind: where.Number}, "status": {Type: "text", Kind: where.Text}}
	bound, err := f.Bind(t.Context(), map[string]map[string]where.Column{"order": columns}, func(_ context.Context, wanted []where.Wanted) ([]json.RawMessage, error) {
		values := make([]json.RawMessage, len(wanted))
		for i, w := range wanted {
			if values[i] = json.RawMessage(w.Text); w.Column.Type == "text" {
				values[i] = json.RawMessage(marshal(w.Text))
			}
		}
		return values, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bound["order"]
}

func scanned(text string) *row.Row {
	r := row.Scan([]byte(text), nil)
	return &r
}

func TestSides(t *testing.T) {
	t.Parallel()
	p := bind(t, `{"order":{"warehouse_id":5,"status":{"in":["open","held"]}}}`)
	const in, out = `{"id":1,"warehouse_id":5,"status":"open"}`, `{"id":1,"warehouse_id":6,"status":"open"}`
	for _, test := range []struct {
		op            feed.Op
		before, after string
		was, is       bool
	}{
		{feed.Insert, ``, in, false, true},
		{feed.Insert, ``, out, false, false},
		{feed.Replay, ``, in, false, true},
		{feed.Delete, in, ``, true, false},
		{feed.Delete, out, ``, false, false},
		{feed.Update, in, in, true, true},
		{feed.Update, in, out, true, false},
		{feed.Update, out, in, false, true},
		{feed.Update, out, out, false, false},
		{feed.Update, `{"status":"closed"}`, in, false, true},
		{feed.Update, `{"id":2}`, in, true, true},
		{feed.Update, `{"status":null}`, in, false, true},
		{feed.Truncate, ``, ``, true, true},
		{feed.Unordered, ``, ``, true, true},
	} {
		if was, is := p.Sides(test.op, scanned(test.before), scanned(test.after)); was != test.was || is != test.is {
			t.Errorf("%s from %s to %s matched: %v, matches: %v", test.op, test.before, test.after, was, is)
		}
	}
}

const wide = `{"id":1200,"tenant_id":"0e37df36-f698-11e6-8dd4-cb9ced3df976","order_number":"A-1200","customer":"Someone with a name","warehouse_id":5,` +
	`"status":"held","total":149.90,"created_at":"2026-01-02T03:04:05.678901+00:00","note":null}`

func TestSidesAllocateNothing(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts for the whole process
	p := bind(t, `{"order":{"warehouse_id":{"gte":5},"status":{"in":["open","held"]}}}`)
	before, after := scanned(`{"status":"open"}`), scanned(wide)
	if got := testing.AllocsPerRun(100, func() { p.Sides(feed.Update, before, after) }); got > 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkSides(b *testing.B) {
	p := bind(b, `{"order":{"warehouse_id":{"gte":5},"status":{"in":["open","held"]}}}`)
	before, after := scanned(wide), scanned(wide)
	b.ReportAllocs()
	for b.Loop() {
		p.Sides(feed.Update, before, after)
	}
}
