// Package work has writers that run random transactions and note what they did.
//
// # Overview
//
// A [Writer] wants the hot rows of a table with the columns id, tenant_id, version
// and body. Each change of a row is a new version. It commits, rolls back, returns to
// savepoints, and survives the loss of its database. The writers of a test share a
// [Ledger], which has the [Change]s of the transactions that committed.
//
// # Guarantees
//
//   - Once it is resolved, the ledger has exactly the changes that were committed,
//     also of transactions whose session was killed (TestLedgerIsWhatTheLogHas).
//
// # Failures
//
// What the database refuses is counted and rolled back. A transaction whose commit got
// no answer is unsure until [Ledger.Resolve] asks for it.
package work
