package triggers

import "embed"

// FS holds the .sql files. Functions come first, then one file a table.
//
//go:embed *.sql
var FS embed.FS

// Functions are the files that define functions, in the order to apply them.
func Functions() []string {
	return []string{
		"known.sql", "lock.sql", "statement.sql", "image.sql", "pause.sql", "verify.sql", "order.sql", "capture.sql", "named.sql", "replicated.sql", "installed.sql", "drift.sql",
		"inherit.sql", "readable.sql", "watch.sql", "seal.sql", "queue.sql", "history.sql", "prune.sql", "identity.sql", "replay.sql", "revocation.sql", "view.sql", "snapshot.sql", "rights.sql",
	}
}

// Tables are the files that adopt a table of the inventory schema. Each holds
// one query that returns what was done.
func Tables() []string {
	return []string{"stock_movements.sql", "orders.sql", "purchase_orders.sql", "skus.sql"}
}
