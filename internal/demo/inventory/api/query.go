package api

import _ "embed"

// The statements, one a file. $1 is the tenant, if there is one.
var (
	//go:embed query/tenants.sql
	sqlTenants string
	//go:embed query/tenant.sql
	sqlTenant string
	//go:embed query/user.sql
	sqlUser string
	//go:embed query/dashboard.sql
	sqlDashboard string
	//go:embed query/alerts.sql
	sqlAlerts string
	//go:embed query/orders.sql
	sqlOrders string
	//go:embed query/order.sql
	sqlOrder string
	//go:embed query/order_items.sql
	sqlOrderItems string
	//go:embed query/purchase_orders.sql
	sqlPurchaseOrders string
	//go:embed query/purchase_order.sql
	sqlPurchaseOrder string
	//go:embed query/purchase_order_items.sql
	sqlPurchaseOrderItems string
	//go:embed query/movements.sql
	sqlMovements string
	//go:embed query/movement.sql
	sqlMovement string
	//go:embed query/product_movements.sql
	sqlProductMovements string
	//go:embed query/products.sql
	sqlProducts string
	//go:embed query/product.sql
	sqlProduct string
	//go:embed query/suppliers.sql
	sqlSuppliers string
	//go:embed query/supplier.sql
	sqlSupplier string

	// Those that people may copy have {tenant} for the tenant.
	//
	//go:embed query/hint_adjust.sql
	sqlHintAdjust string
	//go:embed query/hint_order.sql
	sqlHintOrder string
	//go:embed query/hint_copy_rows.sql
	sqlHintCopyRows string
	//go:embed query/hint_copy.sql
	sqlHintCopy string
)
