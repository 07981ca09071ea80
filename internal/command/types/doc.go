// Package types is the command that writes the types of tables and events.
//
// # Overview
//
// [New] makes the command, which writes to stdout what package gen makes of the
// database.
//
// # Guarantees
//
//   - A type says what comes over the wire (rowcast: TestTypesFitTheEvents).
//   - A language that there is not, and a database that watches nothing, are named
//     (rowcast: TestTypesAreRefused).
//
// # Failures
//
// Nothing is written if the database does not answer.
package types
