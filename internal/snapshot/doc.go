// Package snapshot reads the rows of one table for one tenant as they are in one snapshot
// of the database. It says where the feed stands in it.
//
// # Overview
//
// [Source.Open] begins a transaction that only reads. A [Snapshot] knows the table and the
// cursor, and [Snapshot.Rows] hands on each row as capture writes it. Events after the
// cursor whose transaction the snapshot does not show follow on the rows.
//
// # States
//
// A Snapshot is open until Close. It holds a connection, and a lock that keeps others from
// changing the definition of the table.
//
// # Guarantees
//
//   - A row is byte for byte what the log has of it, whatever the types and settings
//     (TestRowsAreThoseOfTheLog).
//   - With a filter no row is left out that matches, and without one none at all
//     (TestFilteredRows).
//   - A table that was truncated or rewritten after the snapshot was taken is not read as
//     an empty one: another snapshot is taken (TestRewrittenTable).
//   - Rows that are hidden from the server are an error, never an empty list
//     (TestRowSecurity).
//   - Rows are read as they are handed on, and no more of them is held
//     (rows: TestSlowClientHoldsNothing).
//
// # Failures
//
// [ErrNoTable] says that no watched table has the stem, [ErrNoTenant] that no row can have
// the tenant. [Refused] says why rows cannot be
// read, in words for operators. [ErrTooMany] ends the rows at the bound. Everything else
// is about the database.
package snapshot
