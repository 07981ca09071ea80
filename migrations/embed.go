// Package migrations holds the history of schema rowcast as goose migrations.
// A released file never changes. The reference inventory schema has a history
// of its own, in the folder inventory.
package migrations

import "embed"

// FS holds the .sql files.
//
//go:embed *.sql
var FS embed.FS
