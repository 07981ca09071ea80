package mapping_test

import (
	"encoding/json"
	"fmt"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
)

// An update that changes the status of an order makes two events.
func ExampleAppend() {
	change := &feed.Change{
		Tenant: "acme", Table: "orders", Name: "order", Op: feed.Update, From: 7, Position: 7,
		Before: json.RawMessage(`{"id": 1, "status": "pending"}`),
		After:  json.RawMessage(`{"id": 1, "status": "fulfilled"}`),
	}
	for _, e := range mapping.Append(nil, change) {
		fmt.Println(e.Position, e.Name, e.Changed, string(e.Data))
	}
	// Output:
	// 7 order:updated [status] {"id": 1, "status": "fulfilled"}
	// 7 order:status-changed [status] {"orderId":1,"status":"fulfilled","previousStatus":"pending","order":{"id": 1, "status": "fulfilled"}}
}

// A table without rules of its own has events that are named after it.
func ExampleAppend_otherTable() {
	change := &feed.Change{
		Table: "invoices", Name: "invoice", Op: feed.Insert, From: 1, Position: 1,
		After: json.RawMessage(`{"id": 1}`),
	}
	for _, e := range mapping.Append(nil, change) {
		fmt.Println(e.Name)
	}
	// Output: invoice:created
}

func ExampleParseFilter() {
	filter, err := mapping.ParseFilter([]string{"order:*", "alert:low-stock"})
	fmt.Println(filter.Match("order:created"), filter.Match("sku:updated"), err)

	_, err = mapping.ParseFilter([]string{"orders"})
	fmt.Println(err)
	// Output:
	// true false <nil>
	// bad event filter: pattern 1: "orders" is neither "*" nor of the form "order:*" or "order:created"
}
