package write

import (
	_ "embed"
	"strings"
)

// The statements of the benchmark. Each file says what it does; {table} stands
// for the name of a table.
var (
	//go:embed query/schema.sql
	schemaSQL string
	//go:embed query/orders.sql
	ordersSQL string
	//go:embed query/narrow.sql
	narrowSQL string
	//go:embed query/empty.sql
	emptySQL string
	//go:embed query/log_size.sql
	logSizeSQL string
	//go:embed query/remove.sql
	removeSQL string
)

func on(table, sql string) string { return strings.ReplaceAll(sql, "{table}", table) }
