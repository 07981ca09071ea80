// Package where is the filter of a client: which rows it wants, by their values.
//
// # Overview
//
// [Parse] reads a filter as clients send it. It says for stems which conditions their
// columns have to meet. [Filter.Bind] compiles it for the tables that the stems stand
// for, with values as the database writes them. A [Predicate] says whether a row
// matches, and [Predicate.Sides] which rows of a change do.
//
// # Guarantees
//
//   - Equal filters have one canonical text, however they are written (TestCanonical).
//   - A filter that is refused names the path in it and what to do (TestRefusals), and no
//     input makes a panic (FuzzParse).
//   - A row matches as PostgreSQL says: null compares as unknown, numbers exactly, text by
//     its bytes, times as such (bind: TestBoundRows).
//   - Of an update, the old and the new row are asked for apart
//     (TestSides).
//   - A condition in SQL leaves out no row that matches (bind: TestBoundRows).
//   - To decide costs no allocation (TestSidesAllocateNothing).
//
// # Failures
//
// Parse and Bind return a [Problem], which is the client's to mend, or the error of the
// database.
package where
