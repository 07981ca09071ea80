package mapping_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
)

func TestDashboardReason(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"order": "orders", "stock-movement": "stock_movements", "purchase-order": "purchase_orders", "sku": "skus",
		"supplier": "", "orders": "", "": "", "<name>": "",
	}
	for stem, table := range want {
		bulk := change(stem, feed.Update, "", "")
		bulk.Bulk = true
		for _, c := range []*feed.Change{
			change(stem, feed.Insert, "", `{"id":1}`),
			change(stem, feed.Update, `{"id":1}`, `{"id":2}`),
			change(stem, feed.Update, `{"id":1}`, `not a row`),
			change(stem, feed.Delete, `{"id":1}`, ""),
			change(stem, feed.Truncate, "", ""),
			bulk,
		} {
			if reason, ok := mapping.DashboardReason(c); reason != table || ok != (table != "") {
				t.Errorf("%v on %q: reason %q, %v; want %q", c.Op, stem, reason, ok, table)
			}
		}
	}
}

func TestDashboardEvent(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	reasons := []string{"skus", "orders", "skus", `od"d`, "orders"}
	kept := slices.Clone(reasons)
	got := mapping.DashboardEvent("acme", reasons, feed.Head{Epoch: "f", Position: 9, Nonce: 7}, at)
	want := feed.Event{
		Name: "dashboard:stats-updated", Tenant: "acme", Position: 9, At: at,
		Cursor: feed.Cursor{Epoch: "f", Position: 9, Nonce: 7},
		Data:   []byte(`{"reasons":["od\"d","orders","skus"]}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if !slices.Equal(reasons, kept) {
		t.Errorf("the reasons became %q", reasons)
	}
	hidden := func(stem string) bool { return stem == "order" }
	if got := mapping.DashboardReasons(hidden); !slices.Equal(got, []string{"stock_movements", "purchase_orders", "skus"}) {
		t.Errorf("without orders the reasons are %q", got)
	}
}
