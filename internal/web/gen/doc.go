// Package gen writes the TypeScript types of the events.
//
// # Overview
//
// [Write] turns the catalogue (package mapping) and the columns of its tables
// into the file client/src/events.gen.ts. The columns are those of the
// migrated reference schema, as PostgreSQL tells them, so the file is written
// by the test that compares it: run go generate ./internal/web/...
//
// # Guarantees
//
//   - The file is what the catalogue and the schema say
//     (TestEventTypesDoNotDrift).
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
