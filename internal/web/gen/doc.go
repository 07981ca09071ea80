// Package gen writes the types of tables and their events, for TypeScript.
//
// # Overview
//
// [Read] reads the watched tables of a database: their columns with the types, and what
// the active policy says of them. [Types] writes them for the owner of the tables:
//
//	tables, err := gen.Read(ctx, conn)
//	text := gen.Types(tables)
//
// [Client] writes the same of the reference schema into client/src/events.gen.ts, and
// [Changes] writes app/src/live/changes.gen.ts, by which the application keeps its lists.
// The test that compares these files also writes them: run go generate ./internal/web/...
//
// # Guarantees
//
//   - A type says what comes over the wire, no less and no more: of domains, enums,
//     arrays, composite types and numbers, also for a role that does not see all
//     columns (rowcast: TestTypesFitTheEvents).
//   - The files are what the catalogue and the schema say
//     (TestEventTypesDoNotDrift).
//   - Each change of a table of the catalogue has one event that says what became of
//     its rows (TestEveryChangeIsListed).
//   - Every event of the catalogue has a type, and so has the data of other
//     watched tables (TestEveryEventHasAType).
//   - An event whose condition needs a column that the table lacks is left out
//     (TestMissingColumns). Names that are none in TypeScript are put into quotes
//     (rowcast: TestTypesFitTheEvents).
//
// What numeric and float columns may have beside numbers, NaN and infinities, is not in
// their types. It is text, and few tables have it.
//
// # Failures
//
// A type that changes while it is read is an error, and so is a policy that does not fit
// the tables any more.
package gen

//go:generate go test -count=1 -run TestEventTypesDoNotDrift -update .
