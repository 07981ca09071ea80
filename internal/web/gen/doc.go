// Package gen writes the TypeScript types of the events, and what they say of rows.
//
// # Overview
//
// [Write] turns the catalogue (package mapping) and the columns of its tables
// into the file client/src/events.gen.ts. [WriteChanges] turns it into
// app/src/live/changes.gen.ts, by which the application keeps its lists. The columns
// are those of the migrated reference schema, as PostgreSQL reports them. So the test
// that compares the files also writes them: run go generate ./internal/web/...
//
// # Guarantees
//
//   - The files are what the catalogue and the schema say
//     (TestEventTypesDoNotDrift).
//   - Each change of a table of the catalogue has one event that says what became of
//     its rows (TestEveryChangeIsListed).
//   - Every event of the catalogue has a type, and so has the data of other
//     watched tables (TestEveryEventHasAType).
//   - A column has the type that its values have in JSON (TestColumnTypes,
//     TestColumnTypesAreThoseOfTheWire).
//
// # Failures
//
// A rule that needs a column which its table lacks is an error.
package gen

//go:generate go test -count=1 -run TestEventTypesDoNotDrift -update .
