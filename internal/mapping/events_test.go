package mapping_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
)

func TestCursors(t *testing.T) {
	t.Parallel()
	c := change("purchase-order", feed.Update,
		`{"id":1,"status":"ordered"}`, `{"id":1,"status":"received"}`)
	earlier := feed.Event{Name: "kept", Cursor: feed.Cursor{Epoch: "other", Position: 9}}
	events := mapping.Append([]feed.Event{earlier}, c)
	want := []feed.Cursor{
		earlier.Cursor,
		{Epoch: "0a1b2c3d", Position: 41, Nonce: 77, Delivered: 1},
		{Epoch: "0a1b2c3d", Position: 41, Nonce: 77, Delivered: 2},
		{Epoch: "0a1b2c3d", Position: 42, Nonce: 77},
	}
	order := []string{"kept", "purchase-order:updated", "purchase-order:status-changed", "purchase-order:received"}
	if diff := cmp.Diff(order, names(events)); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	for i, e := range events {
		if e.Cursor != want[i] {
			t.Errorf("%s has cursor %+v, want %+v", e.Name, e.Cursor, want[i])
		}
	}
}

// TestReplayMakesOneEvent replays rows that would make more if they were
// inserted or changed.
func TestReplayMakesOneEvent(t *testing.T) {
	t.Parallel()
	for stem, row := range map[string]string{
		"stock-movement": `{"id":1,"movement_type":"adjustment"}`,
		"order":          `{"id":1,"status":"shipped"}`,
		"purchase-order": `{"id":1,"status":"received"}`,
		"sku":            `{"id":1,"quantity":0,"low_stock_threshold":5}`,
		"supplier":       `{"id":1}`,
	} {
		c := change(stem, feed.Replay, "", row)
		events := mapping.Events(c)
		if len(events) != 1 {
			t.Errorf("a replay of %s makes %v", stem, names(events))
			continue
		}
		e := events[0]
		if e.Name != stem+":replayed" || string(e.Data) != row || e.Source.Op != "replay" || e.Changed != nil || e.Previous != nil {
			t.Errorf("a replay of %s makes %+v", stem, e)
		}
		if reason, counts := mapping.DashboardReason(c); counts {
			t.Errorf("a replay of %s counts for the dashboard as %s", stem, reason)
		}
	}
}

// TestWhatChangesMake holds cases of the conditions that the golden files
// leave out.
func TestWhatChangesMake(t *testing.T) {
	t.Parallel()
	low := func(quantity, threshold string) string {
		return `{"id":1,"quantity":` + quantity + `,"low_stock_threshold":` + threshold + `}`
	}
	const alert, updated = "alert:low-stock", "sku:updated"
	tests := []struct {
		name, stem    string
		op            feed.Op
		before, after string
		want          string
	}{
		{"inserted as received", "purchase-order", feed.Insert, ``, `{"status":"received"}`, "purchase-order:created"},
		{"stays received", "purchase-order", feed.Update, `{"n":1,"status":"received"}`, `{"n":2,"status":"received"}`, "purchase-order:updated"},
		{"no longer received", "purchase-order", feed.Update, `{"status":"received"}`, `{"status":"closed"}`, "purchase-order:updated purchase-order:status-changed"},
		{"received in escapes", "purchase-order", feed.Update, `{"status":null}`, `{"status":"rec\u0065ived"}`, "purchase-order:updated purchase-order:status-changed purchase-order:received"},
		{"status to null", "order", feed.Update, `{"status":"new"}`, `{"status":null}`, "order:updated order:status-changed"},
		{"status inside a document", "order", feed.Update, `{"doc":{"status":"a"}}`, `{"doc":{"status":"b"}}`, "order:updated"},
		{"adjustment in capitals", "stock-movement", feed.Insert, ``, `{"movement_type":"ADJUSTMENT"}`, "stock-movement:created stock:adjusted"},
		{"adjustment in mixed case", "stock-movement", feed.Insert, ``, `{"movement_type":"Adjustment"}`, "stock-movement:created stock:adjusted"},
		{"more than an adjustment", "stock-movement", feed.Insert, ``, `{"movement_type":"Adjustments"}`, "stock-movement:created"},
		{"received in capitals", "purchase-order", feed.Update, `{"status":"ORDERED"}`, `{"status":"RECEIVED"}`, "purchase-order:updated purchase-order:status-changed purchase-order:received"},
		{"received in capitals and escapes", "purchase-order", feed.Update, `{"status":"a"}`, `{"status":"\u0052ECEIVED"}`, "purchase-order:updated purchase-order:status-changed purchase-order:received"},
		{"received, spelt anew", "purchase-order", feed.Update, `{"status":"received"}`, `{"status":"Received"}`, "purchase-order:updated purchase-order:status-changed"},
		{"movement updated", "stock-movement", feed.Update, `{"quantity":1}`, `{"quantity":2}`, "stock-movement:updated"},
		{"movement deleted", "stock-movement", feed.Delete, `{"quantity":1}`, ``, "stock-movement:deleted"},
		{"sku inserted low", "sku", feed.Insert, ``, low("1", "10"), "sku:created"},
		{"sku deleted", "sku", feed.Delete, low("1", "10"), ``, "sku:deleted"},
		{"stays above", "sku", feed.Update, low("12", "10"), low("11", "10"), updated},
		{"falls to the threshold", "sku", feed.Update, low("11", "10"), low("10", "10"), alert + " " + updated},
		{"falls below", "sku", feed.Update, low("11", "10"), low("-3", "10"), alert + " " + updated},
		{"was low already", "sku", feed.Update, low("10", "10"), low("9", "10"), updated},
		{"rises", "sku", feed.Update, low("9", "10"), low("11", "10"), updated},
		{"threshold rises above", "sku", feed.Update, low("11", "10"), low("11", "20"), alert + " " + updated},
		{"threshold was null", "sku", feed.Update, low("11", "null"), low("9", "10"), updated},
		{"threshold becomes null", "sku", feed.Update, low("11", "10"), low("9", "null"), updated},
		{"quantity becomes null", "sku", feed.Update, low("11", "10"), low("null", "10"), updated},
		{"quantity is NaN", "sku", feed.Update, low("11", "10"), low(`"NaN"`, "10"), updated},
		{"decimals", "sku", feed.Update, low("10.001", "10.0"), low("9.999", "10.00"), alert + " " + updated},
		{"digits beyond a double", "sku", feed.Update, low("9007199254740993", "9007199254740992"), low("9007199254740992", "9007199254740992"), alert + " " + updated},
		{"unknown operation", "order", 'x', `{"id":1}`, `{"id":2}`, ""},
		{"stem of another table", "shop-order", feed.Update, `{"status":"a"}`, `{"status":"b"}`, "shop-order:updated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(names(mapping.Events(change(tt.stem, tt.op, tt.before, tt.after))), " ")
			if got != tt.want {
				t.Errorf("events %q, want %q", got, tt.want)
			}
		})
	}
}

// TestRulesFollowTheStem maps a table of another name that is watched under a
// stem with rules of its own.
func TestRulesFollowTheStem(t *testing.T) {
	t.Parallel()
	c := change("order", feed.Update, `{"id":1,"status":"a"}`, `{"id":1,"status":"b"}`)
	c.Table = "shop_orders"
	events := mapping.Events(c)
	if got := strings.Join(names(events), " "); got != "order:updated order:status-changed" {
		t.Fatalf("events %s", got)
	}
	if events[0].Source.Table != "shop_orders" {
		t.Errorf("source.table is %q, want the name of the table", events[0].Source.Table)
	}
	if reason, ok := mapping.DashboardReason(c); !ok || reason != "orders" {
		t.Errorf("dashboard reason %q, %v; want orders", reason, ok)
	}
}

func TestUpdateThatLooksTheSame(t *testing.T) {
	t.Parallel()
	for _, rows := range [][2]string{
		{`{"id":1,"status":"a"}`, `{"id":1,"status":"a"}`},
		{`{"id":1,"status":"a"}`, `{ "id" : 1, "status":"a" }`},
		{`{"id":1,"status":"a"}`, `{"status":"a","id":1}`},
		{`{"st\u0061tus":"a"}`, `{"status":"a"}`},
		{`{"id":1}`, `{"id":1,"status":"a"}`},
		{`{}`, `{ }`},
	} {
		for _, stem := range []string{"order", "purchase-order", "sku", "supplier"} {
			events := mapping.Events(change(stem, feed.Update, rows[0], rows[1]))
			if len(events) != 1 || events[0].Name != stem+":updated" || len(events[0].Changed) != 0 || string(events[0].Previous) != "{}" {
				t.Errorf("%s: %s to %s makes %v", stem, rows[0], rows[1], events)
			}
		}
	}
}

// TestOldRowLacksWhatIsInTheNew draws updates and takes from the old row any of the
// columns that are as in the new one: the events stay what they are, byte by byte.
func TestOldRowLacksWhatIsInTheNew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var before, after, less []string
		for _, column := range []string{"id", "status", "quantity", "reorder_point", "n\\u0061me", "total"} {
			value := rapid.SampledFrom([]string{`1`, `2`, `"open"`, `"received"`, `null`, `12345678901234567890`, `{"a":[1]}`})
			was := value.Draw(t, "was")
			is := was
			if rapid.Bool().Draw(t, "changes") {
				is = value.Draw(t, "is")
			}
			member := fmt.Sprintf(`"%s":`, column)
			before, after = append(before, member+was), append(after, member+is)
			if was != is || rapid.Bool().Draw(t, "kept") {
				less = append(less, member+was)
			}
		}
		object := func(members []string) string { return "{" + strings.Join(members, ",") + "}" }
		stem := rapid.SampledFrom([]string{"order", "purchase-order", "sku", "stock-movement", "supplier"}).Draw(t, "stem")
		want := mapping.Events(change(stem, feed.Update, object(before), object(after)))
		got := mapping.Events(change(stem, feed.Update, object(less), object(after)))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s from %s to %s is\n%+v\nand with the old row whole\n%+v", stem, object(less), object(after), got, want)
		}
	})
}

// TestMissingColumns maps rows of tables that lack what the rules look at.
func TestMissingColumns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stem    string
		op            feed.Op
		before, after string
		event, data   string // the first event for skus, else the last
	}{
		{"movement type", "stock-movement", feed.Insert, ``, `{"id":1}`, "stock-movement:created", `{"id":1}`},
		{
			"all but movement type", "stock-movement", feed.Insert, ``, `{"movement_type":"adjustment"}`,
			"stock:adjusted", `{"skuId":null,"movementId":null,"quantity":null,"reason":null,"movement":{"movement_type":"adjustment"}}`,
		},
		{"status", "order", feed.Update, `{"id":1}`, `{"id":2}`, "order:updated", `{"id":2}`},
		{"status before", "order", feed.Update, `{"id":1}`, `{"id":1,"status":"a"}`, "order:updated", `{"id":1,"status":"a"}`},
		{"status after", "purchase-order", feed.Update, `{"status":"a"}`, `{"state":"received"}`, "purchase-order:updated", `{"state":"received"}`},
		{"id", "order", feed.Update, `{"status":1}`, `{"status":2}`, "order:status-changed", `{"orderId":null,"status":2,"previousStatus":1,"order":{"status":2}}`},
		{
			"sku, but code", "sku", feed.Update, `{"code":"W","quantity":2,"low_stock_threshold":1}`, `{"code":"W","quantity":1,"low_stock_threshold":1}`,
			"alert:low-stock", `{"skuId":null,"sku":"W","quantity":1,"threshold":1}`,
		},
		{
			"sku, but sku_code", "sku", feed.Update, `{"sku_code":"W","quantity":2,"low_stock_threshold":1}`, `{"sku_code":"W","quantity":1,"low_stock_threshold":1}`,
			"alert:low-stock", `{"skuId":null,"sku":"W","quantity":1,"threshold":1}`,
		},
		{"quantity", "sku", feed.Update, `{"n":2,"low_stock_threshold":1}`, `{"n":1,"low_stock_threshold":1}`, "sku:updated", `{"n":1,"low_stock_threshold":1}`},
		{"threshold", "sku", feed.Update, `{"quantity":2}`, `{"quantity":1}`, "sku:updated", `{"quantity":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var event, data string
			if events := mapping.Events(change(tt.stem, tt.op, tt.before, tt.after)); len(events) > 0 {
				e := events[len(events)-1]
				if tt.stem == "sku" {
					e = events[0]
				}
				event, data = e.Name, string(e.Data)
			}
			if event != tt.event || data != tt.data {
				t.Errorf("event %q with %s, want %q with %s", event, data, tt.event, tt.data)
			}
		})
	}
}

func TestMalformedRowIsUnreadable(t *testing.T) {
	t.Parallel()
	check := func(c *feed.Change) {
		t.Helper()
		got := mapping.Events(c)
		if len(got) != 1 || got[0].Name != "order:unreadable" || got[0].Unreadable == nil || got[0].Unreadable.Reason != feed.Mapping || got[0].Cursor.Position != c.Position {
			t.Errorf("%v of %q, %q makes %+v", c.Op, c.Before, c.After, got)
		}
		if _, counts := mapping.DashboardReason(c); !counts {
			t.Errorf("%v of %q, %q does not count for the dashboard", c.Op, c.Before, c.After)
		}
	}
	for _, text := range []string{
		`{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a" 1}`, `{"a":}`, `{"a":tru}`, `{"a":"b}`, `{"a\`,
		`{"a":[1}`, `{"a":[1`, `{"a":["x`, `{"a":1}x`, `{a:1}`, `{"a":1 "b":2}`, `[1]`, `1`, `"a"`, `null`, `{"a":1e}`, `{"a":12-45678901234567}`, ` `,
		`{"status":"a","status`, "{\"a\":1}\x00",
	} {
		check(change("order", feed.Insert, "", text))
		check(change("order", feed.Delete, text, ""))
		check(change("order", feed.Update, `{"status":"a"}`, text))
		check(change("order", feed.Update, text, `{"status":"a"}`))
	}
	check(change("order", feed.Insert, "", ""))
	check(change("order", feed.Delete, "", ""))
}

// TestUnreadableChange: whatever its table and operation, it is one event without the
// row, which counts for the dashboard unless nothing changed.
func TestUnreadableChange(t *testing.T) {
	t.Parallel()
	for _, stem := range []string{"order", "stock-movement", "purchase-order", "sku", "supplier"} {
		for _, op := range []feed.Op{feed.Insert, feed.Update, feed.Delete, feed.Replay, feed.Truncate} {
			c := change(stem, op, "", "")
			c.Unreadable = &feed.Unreadable{Reason: feed.Size}
			events := mapping.Events(c)
			if len(events) != 1 || events[0].Name != stem+":unreadable" || events[0].Unreadable != c.Unreadable ||
				string(events[0].Data) != `{"operation":"`+op.String()+`","table":"`+c.Table+`","reason":"size"}` {
				t.Errorf("%v of %s makes %+v", op, stem, events)
			}
			if _, counts := mapping.DashboardReason(c); counts != (stem != "supplier" && op != feed.Replay) {
				t.Errorf("%v of %s counts for the dashboard: %t", op, stem, counts)
			}
		}
	}
}

// TestSummaries maps what stands for several rows.
func TestSummaries(t *testing.T) {
	t.Parallel()
	for _, op := range []feed.Op{feed.Insert, feed.Update, feed.Delete} {
		for stem, want := range map[string]string{
			"order": "order:bulk", "stock-movement": "stock-movement:bulk", "sku": "sku:bulk", "supplier": "supplier:bulk",
		} {
			c := change(stem, op, "", "")
			c.Bulk, c.From, c.Position, c.Table = true, 43, 5042, `od"d`
			events := mapping.Events(c)
			if got := strings.Join(names(events), " "); got != want {
				t.Errorf("bulk %v of %s makes %q, want %q", op, stem, got, want)
			}
			for _, e := range events {
				data := `{"operation":"` + op.String() + `","table":"od\"d","count":5000,"from":43,"to":5042}`
				if string(e.Data) != data || e.From != 43 || e.Position != 5042 || e.Changed != nil || e.Previous != nil {
					t.Errorf("bulk %v of %s makes %+v with %s, want %s", op, stem, e, e.Data, data)
				}
			}
		}
	}
	c := change("sku", feed.Truncate, "", "")
	if got := strings.Join(names(mapping.Events(c)), " "); got != "sku:truncated" {
		t.Errorf("truncate of skus makes %q", got)
	}
	c.Bulk, c.From, c.Position = true, 7, 7 // one partition: there are other rows
	for _, c.Op = range []feed.Op{feed.Truncate, feed.Unordered} {
		events := mapping.Events(c)
		if got := strings.Join(names(events), " "); got != "sku:bulk" ||
			string(events[0].Data) != `{"operation":"`+c.Op.String()+`","table":"`+c.Table+`","count":0,"from":7,"to":7}` {
			t.Errorf("%s of unknown skus makes %q with %s", c.Op, got, events[0].Data)
		}
	}
}
