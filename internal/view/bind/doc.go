// Package bind makes views of the filters that clients send, for the tables that the
// database has now.
//
// # Overview
//
// A [Binder] asks the database for the columns of the watched tables and for the values of
// a filter as the log writes them. A filter that many clients send is bound once for all of
// them, and again after a while.
//
// # Guarantees
//
//   - A view selects the rows that the filter selects in SQL (TestBoundRows).
//   - Equal filters that come at once cost one binding, and later ones for a while none
//     (TestFiltersAreShared). What is kept has a bound (TestFiltersAreShared).
//   - What the database does not have is refused with what it has (TestRefusedByDatabase).
//
// # Failures
//
// Bind returns a where.Problem for a filter that its client has to mend, and any other
// error if the database does not answer.
package bind
