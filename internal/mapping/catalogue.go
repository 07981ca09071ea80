package mapping

import (
	"slices"

	"rowcast/internal/feed"
)

// stem holds the rules of one stem of event names.
type stem struct {
	// name is the stem, table the table it was made for.
	name, table string
	rules       []Rule
}

// stems is the catalogue: the stems with rules of their own, then the rules
// for any other. The rules of a stem are in the order of their events. Every
// change of a row makes at least one event, so that a client that filters
// nothing sees every position.
//
//nolint:gochecknoglobals // a table, never written
var stems = [...]stem{
	{name: "stock-movement", table: "stock_movements", rules: []Rule{
		{Event: "stock-movement:created", Op: feed.Insert},
		{
			Event: "stock:adjusted", Op: feed.Insert,
			When: Condition{Kind: Is, Column: "movement_type", Value: "adjustment"},
			Data: []Field{
				{Name: "skuId", Columns: []string{"sku_id"}},
				{Name: "movementId", Columns: []string{"id"}},
				{Name: "quantity", Columns: []string{"quantity"}},
				{Name: "reason", Columns: []string{"reason"}},
				{Name: "movement", Of: OfRow},
			},
		},
		{Event: "stock-movement:updated", Op: feed.Update},
		{Event: "stock-movement:deleted", Op: feed.Delete},
		{Event: "stock-movement:bulk", Bulk: true, Data: bulkData()},
		{Event: "stock-movement:truncated", Op: feed.Truncate, Data: tableData()},
		{Event: "stock-movement:replayed", Op: feed.Replay},
		{Event: "stock-movement:unreadable", Unreadable: true, Data: unreadableData()},
	}},
	{name: "order", table: "orders", rules: []Rule{
		{Event: "order:created", Op: feed.Insert},
		{Event: "order:updated", Op: feed.Update},
		{Event: "order:deleted", Op: feed.Delete},
		{
			Event: "order:status-changed", Op: feed.Update,
			When: Condition{Kind: Changes, Column: "status"},
			Data: statusData("orderId", "order"),
		},
		{Event: "order:bulk", Bulk: true, Data: bulkData()},
		{Event: "order:truncated", Op: feed.Truncate, Data: tableData()},
		{Event: "order:replayed", Op: feed.Replay},
		{Event: "order:unreadable", Unreadable: true, Data: unreadableData()},
	}},
	{name: "purchase-order", table: "purchase_orders", rules: []Rule{
		{Event: "purchase-order:created", Op: feed.Insert},
		{Event: "purchase-order:updated", Op: feed.Update},
		{Event: "purchase-order:deleted", Op: feed.Delete},
		{
			Event: "purchase-order:status-changed", Op: feed.Update,
			When: Condition{Kind: Changes, Column: "status"},
			Data: statusData("purchaseOrderId", "purchaseOrder"),
		},
		{
			Event: "purchase-order:received", Op: feed.Update,
			When: Condition{Kind: Becomes, Column: "status", Value: "received"},
		},
		{Event: "purchase-order:bulk", Bulk: true, Data: bulkData()},
		{Event: "purchase-order:truncated", Op: feed.Truncate, Data: tableData()},
		{Event: "purchase-order:replayed", Op: feed.Replay},
		{Event: "purchase-order:unreadable", Unreadable: true, Data: unreadableData()},
	}},
	{name: "sku", table: "skus", rules: []Rule{
		{
			Event: "alert:low-stock", Op: feed.Update,
			When: Condition{Kind: FallsTo, Column: "quantity", Value: "low_stock_threshold"},
			Data: []Field{
				{Name: "skuId", Columns: []string{"id"}},
				{Name: "sku", Columns: []string{"sku", "code", "sku_code"}},
				{Name: "quantity", Columns: []string{"quantity"}},
				{Name: "threshold", Columns: []string{"low_stock_threshold"}},
			},
		},
		{Event: "sku:created", Op: feed.Insert},
		{Event: "sku:updated", Op: feed.Update},
		{Event: "sku:deleted", Op: feed.Delete},
		{Event: "sku:bulk", Bulk: true, Data: bulkData()},
		{Event: "sku:truncated", Op: feed.Truncate, Data: tableData()},
		{Event: "sku:replayed", Op: feed.Replay},
		{Event: "sku:unreadable", Unreadable: true, Data: unreadableData()},
	}},
	{name: anyName, table: "*", rules: []Rule{
		{Event: anyName + ":created", Op: feed.Insert},
		{Event: anyName + ":updated", Op: feed.Update},
		{Event: anyName + ":deleted", Op: feed.Delete},
		{Event: anyName + ":bulk", Bulk: true, Data: bulkData()},
		{Event: anyName + ":truncated", Op: feed.Truncate, Data: tableData()},
		{Event: anyName + ":replayed", Op: feed.Replay},
		{Event: anyName + ":unreadable", Unreadable: true, Data: unreadableData()},
	}},
}

func statusData(id, row string) []Field {
	return []Field{
		{Name: id, Columns: []string{"id"}},
		{Name: "status", Columns: []string{"status"}},
		{Name: "previousStatus", Of: OfOldColumn, Columns: []string{"status"}},
		{Name: row, Of: OfRow},
	}
}

func bulkData() []Field {
	return []Field{
		{Name: "operation", Of: OfOperation},
		{Name: "table", Of: OfTable},
		{Name: "count", Of: OfCount},
		{Name: "from", Of: OfFrom},
		{Name: "to", Of: OfTo},
	}
}

func unreadableData() []Field {
	return []Field{{Name: "operation", Of: OfOperation}, {Name: "table", Of: OfTable}, {Name: "reason", Of: OfReason}}
}

func tableData() []Field { return []Field{{Name: "table", Of: OfTable}} }

// stemOf finds the rules for a stem. own is false when they are the rules for
// any other watched table.
func stemOf(name string) (s *stem, own bool) {
	last := len(stems) - 1
	for i := range stems[:last] {
		if stems[i].name == name {
			return &stems[i], true
		}
	}
	return &stems[last], false
}

// Catalogue lists every rule, for documents, generated types and tests. The
// events of one change come in the order of their rules.
func Catalogue() []Rule {
	var all []Rule
	for _, s := range stems {
		for _, r := range s.rules {
			r.Table = s.table
			r.Data = slices.Clone(r.Data)
			for i := range r.Data {
				r.Data[i].Columns = slices.Clone(r.Data[i].Columns)
			}
			all = append(all, r)
		}
	}
	return append(all, Rule{
		Event: dashboardName,
		When:  Condition{Kind: Coalesced},
		Data:  []Field{{Name: "reasons", Of: OfReasons}},
	})
}
