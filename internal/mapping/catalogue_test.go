package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
)

// TestCatalogueIsTheContract holds the catalogue against the table of the wire
// contract: event, table, operation, condition, data. The generic events of
// stock_movements and skus are beyond it: positions are contiguous only if every
// change of a row makes an event.
func TestCatalogueIsTheContract(t *testing.T) {
	t.Parallel()
	const contract = `
stock-movement:created | stock_movements | insert | | the row
stock:adjusted | stock_movements | insert | movement_type is adjustment | {skuId, movementId, quantity, reason, movement}
stock-movement:updated | stock_movements | update | | the row
stock-movement:deleted | stock_movements | delete | | the row
stock-movement:bulk | stock_movements | bulk | | {operation, table, count, from, to}
stock-movement:truncated | stock_movements | truncate | | {table}
stock-movement:replayed | stock_movements | replay | | the row
stock-movement:unreadable | stock_movements | unreadable | | {operation, table, reason}
order:created | orders | insert | | the row
order:updated | orders | update | | the row
order:deleted | orders | delete | | the row
order:status-changed | orders | update | status changes | {orderId, status, previousStatus, order}
order:bulk | orders | bulk | | {operation, table, count, from, to}
order:truncated | orders | truncate | | {table}
order:replayed | orders | replay | | the row
order:unreadable | orders | unreadable | | {operation, table, reason}
purchase-order:created | purchase_orders | insert | | the row
purchase-order:updated | purchase_orders | update | | the row
purchase-order:deleted | purchase_orders | delete | | the row
purchase-order:status-changed | purchase_orders | update | status changes | {purchaseOrderId, status, previousStatus, purchaseOrder}
purchase-order:received | purchase_orders | update | status changes to received | the row
purchase-order:bulk | purchase_orders | bulk | | {operation, table, count, from, to}
purchase-order:truncated | purchase_orders | truncate | | {table}
purchase-order:replayed | purchase_orders | replay | | the row
purchase-order:unreadable | purchase_orders | unreadable | | {operation, table, reason}
alert:low-stock | skus | update | quantity goes from above low_stock_threshold to at or below it | {skuId, sku, quantity, threshold}
sku:created | skus | insert | | the row
sku:updated | skus | update | | the row
sku:deleted | skus | delete | | the row
sku:bulk | skus | bulk | | {operation, table, count, from, to}
sku:truncated | skus | truncate | | {table}
sku:replayed | skus | replay | | the row
sku:unreadable | skus | unreadable | | {operation, table, reason}
<name>:created | * | insert | | the row
<name>:updated | * | update | | the row
<name>:deleted | * | delete | | the row
<name>:bulk | * | bulk | | {operation, table, count, from, to}
<name>:truncated | * | truncate | | {table}
<name>:replayed | * | replay | | the row
<name>:unreadable | * | unreadable | | {operation, table, reason}
dashboard:stats-updated |  | any | at most once a second and tenant | {reasons}
`
	var got strings.Builder
	got.WriteByte('\n')
	for _, r := range mapping.Catalogue() {
		op := r.Op.String()
		switch {
		case r.Unreadable:
			op = "unreadable"
		case r.Bulk:
			op = "bulk"
		case r.Op == 0:
			op = "any"
		}
		when := r.When.String()
		if when != "" {
			when += " "
		}
		fmt.Fprintf(&got, "%s | %s | %s | %s| %s\n", r.Event, r.Table, op, when, r.Shape())
	}
	if diff := cmp.Diff(contract, got.String()); diff != "" {
		t.Errorf("catalogue (-contract +code):\n%s", diff)
	}
}

func TestCatalogueIsACopy(t *testing.T) {
	t.Parallel()
	for _, r := range mapping.Catalogue() {
		for i := range r.Data {
			for k := range r.Data[i].Columns {
				r.Data[i].Columns[k] = "scribbled"
			}
			r.Data[i].Name = "scribbled"
		}
	}
	c := change("stock-movement", feed.Insert, "", `{"id":1,"sku_id":2,"movement_type":"adjustment","quantity":3}`)
	events := mapping.Events(c)
	want := `{"skuId":2,"movementId":1,"quantity":3,"reason":null,"movement":` + string(c.After) + `}`
	if len(events) != 2 || string(events[1].Data) != want {
		t.Errorf("events %v, last %s; want data %s", names(events), events[len(events)-1].Data, want)
	}
}
