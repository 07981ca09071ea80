// Package inventory holds the migrations of the reference inventory schema: a
// small multi-tenant stock application whose tables Rowcast watches in the
// demo and in the tests.
//
// # Overview
//
// The files are goose migrations for PostgreSQL 14 and later. They create
// everything in the schema public and depend on no extension. Every table
// except tenants has a tenant_id.
//
// # Guarantees
//
//   - Down undoes all that Up made, and Up can follow again
//     (TestMigrationsUpDownUp).
//   - A row never points into another tenant: each foreign key between tables
//     of a tenant includes tenant_id (TestForeignKeysStayInTenant,
//     TestRowCannotPointIntoAnotherTenant).
//   - Every foreign key and every tenant_id has an index
//     (TestForeignKeysAndTenantsAreIndexed).
//   - A stock movement changes the quantity of its sku in the same transaction
//     (TestMovementsAdjustQuantity). Writers that move several skus in one statement do
//     not deadlock, whatever the order of their rows (TestMovementsLockSkusInOrder,
//     TestConcurrentMovementsDoNotDeadlock). A quantity below zero is refused
//     (TestNegativeStockIsRefused).
//   - An update that changes a row sets its updated_at, one that changes
//     nothing leaves the row as it is (TestUpdatedAtFollowsRealChanges).
//
// # Failures
//
// Refused rows are reported by PostgreSQL with the name of the constraint,
// such as skus_quantity_not_negative.
package inventory

import "embed"

// FS holds the migrations at its root, in the form goose.NewProvider takes.
//
//go:embed *.sql
var FS embed.FS
