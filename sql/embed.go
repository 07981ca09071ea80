// Package sql holds the queries that the program uses, and beside them the
// psql scripts for operators.
package sql

import _ "embed"

// The queries of the program. Each file says what it returns.
var (
	//go:embed start.sql
	Start string
	//go:embed sealed_after.sql
	SealedAfter string
	//go:embed history_after.sql
	HistoryAfter string
	//go:embed verify_cursor.sql
	VerifyCursor string
	//go:embed tenant_head.sql
	TenantHead string
	//go:embed tenant_floor.sql
	TenantFloor string
	//go:embed watched.sql
	Watched string
	//go:embed crowd.sql
	Crowd string
	//go:embed status.sql
	Status string
	//go:embed health.sql
	Health string
)
