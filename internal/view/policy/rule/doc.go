// Package rule is the language of the conditions in a policy: CEL over the columns of a
// table.
//
// # Overview
//
// A [Language] makes a [Schema] of the columns of a table. [Schema.Rows] compiles the
// condition that a role has, [Schema.When] that of an event. A [Rule] is asked of one
// [Image], which is a row as the log holds it.
//
// A condition has row (a column is row.name), tenant, and of a role claims, of an event
// old and op. Integers are int, text, uuid and enum string, times timestamp. JSON, and
// what has no other form, is dyn. A numeric is compared by num(row.total) > 5. There is
// no clock.
//
// # Guarantees
//
//   - Columns have the types of the table, and a condition that does not fit them is
//     refused with its column and what to do (TestRefusals).
//   - Null under any operator but == is false; x != null asks whether there is a value
//     (TestNull).
//   - Integers of rows and claims are exact, and so is num() (TestNumbersAreExact).
//   - A column that the image lacks is an error, never null (TestAbsent).
//   - What takes more than the cost limit is an error, and so is JSON of more than
//     64 KiB (TestCost).
//   - Which columns and claims a condition uses is known beforehand (TestUses).
//
// # Failures
//
// Compiling returns what is wrong in words for the author. Asking returns an error that
// may hold values of the row, so it is counted and never logged.
package rule
