package inventory

import _ "embed"

// The statements of the clerk and of the shop, one a file.
var (
	//go:embed query/users.sql
	sqlUsers string

	//go:embed query/skus_in_stock.sql
	sqlSkusInStock string
	//go:embed query/skus_lock.sql
	sqlSkusLock string
	//go:embed query/skus_to_buy.sql
	sqlSkusToBuy string
	//go:embed query/movement_insert.sql
	sqlMovementInsert string

	//go:embed query/order_insert.sql
	sqlOrderInsert string
	//go:embed query/order_items_insert.sql
	sqlOrderItemsInsert string
	//go:embed query/orders_in_status.sql
	sqlOrdersInStatus string
	//go:embed query/orders_ready.sql
	sqlOrdersReady string
	//go:embed query/order_lock.sql
	sqlOrderLock string
	//go:embed query/order_stock_lock.sql
	sqlOrderStockLock string
	//go:embed query/order_set_status.sql
	sqlOrderSetStatus string
	//go:embed query/order_ship.sql
	sqlOrderShip string
	//go:embed query/orders_archive.sql
	sqlOrdersArchive string

	//go:embed query/purchase_order_insert.sql
	sqlPurchaseOrderInsert string
	//go:embed query/purchase_order_items_insert.sql
	sqlPurchaseOrderItemsInsert string
	//go:embed query/purchase_orders_in_status.sql
	sqlPurchaseOrdersInStatus string
	//go:embed query/purchase_order_lock.sql
	sqlPurchaseOrderLock string
	//go:embed query/purchase_order_set_status.sql
	sqlPurchaseOrderSetStatus string
	//go:embed query/purchase_order_receive.sql
	sqlPurchaseOrderReceive string
	//go:embed query/purchase_orders_archive.sql
	sqlPurchaseOrdersArchive string
)
