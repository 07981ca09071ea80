package mapping_test

import (
	"strings"
	"testing"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
)

// twelve is a row of 12 columns.
const twelve = `{"id":184467,"tenant_id":"7f0a3c1e-3b1f-4f0e-9a77-0d4f3f6f2b11","order_number":"SO-2026-000184467","status":"pending",` +
	`"customer_name":"Brown & Sons (Holding) Ltd","customer_email":"orders@brown.example","currency":"EUR","subtotal":1249.50,` +
	`"tax":237.41,"total":1486.91,"created_at":"2026-01-02T03:04:05.678901+00:00","updated_at":"2026-01-02T03:04:05.678901+00:00"}`

func twelveAfter() string {
	after := strings.Replace(twelve, `"pending"`, `"shipped"`, 1)
	return strings.Replace(after, `678901+00:00"}`, `712345+00:00"}`, 1)
}

// TestAllocations bounds the allocations of the hot path. An insert needs one
// for the text of the transaction id; an update also needs the list of changed
// columns, their names and the old values; each derived event its data; and an
// event of a table without rules of its own its name.
func TestAllocations(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts for the whole process
	long := strings.Replace(twelve, "184467,", "9223372036854775807,", 1)
	tests := []struct {
		name string
		c    *feed.Change
		want float64
	}{
		{"insert", change("order", feed.Insert, "", twelve), 1},
		{"insert with a long number", change("order", feed.Insert, "", long), 2},
		{"insert of another table", change("supplier", feed.Insert, "", twelve), 2},
		{"update with two events", change("order", feed.Update, twelve, twelveAfter()), 5},
		{"update without events", change("order", 'x', twelve, twelveAfter()), 0},
	}
	for _, tt := range tests { //nolint:paralleltest // see above
		dst := make([]feed.Event, 0, 4)
		got := testing.AllocsPerRun(100, func() { dst = mapping.Append(dst[:0], tt.c) })
		if got > tt.want {
			t.Errorf("%s: %v allocations, at most %v wanted", tt.name, got, tt.want)
		}
	}
	c := change("order", feed.Update, twelve, twelveAfter())
	if got := testing.AllocsPerRun(100, func() { mapping.DashboardReason(c) }); got > 0 {
		t.Errorf("dashboard reason: %v allocations", got)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, bb := range []struct {
		name string
		c    *feed.Change
	}{
		{"insert", change("order", feed.Insert, "", twelve)},
		{"insert-other-table", change("supplier", feed.Insert, "", twelve)},
		{"insert-long-number", change("order", feed.Insert, "", strings.Replace(twelve, "184467,", "9223372036854775807,", 1))},
		{"update", change("supplier", feed.Update, twelve, twelveAfter())},
		{"update-two-events", change("order", feed.Update, twelve, twelveAfter())},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.c.After) + len(bb.c.Before)))
			dst := make([]feed.Event, 0, 4)
			for b.Loop() {
				dst = mapping.Append(dst[:0], bb.c)
			}
		})
	}
}

func BenchmarkFilter(b *testing.B) {
	f, err := mapping.ParseFilter([]string{"order:*", "stock:adjusted", "purchase-order:received", "alert:low-stock"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Match("purchase-order:status-changed")
	}
}
