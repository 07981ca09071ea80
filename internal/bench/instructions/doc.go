// Package instructions counts what the triggers add to a statement in
// instructions of the processor, which noise of the machine does not reach.
//
// # Overview
//
// [Run] makes a private server with pairs of narrow tables of the same rows, one of
// them watched, and stops it. Each statement then runs on a copy of the data in a
// session without a server, "postgres --single", under valgrind's callgrind: once a
// small number of times, and once a hundred times more. The difference is theirs alone.
//
// # Guarantees
//
//   - Every statement that is counted changed its row, and each change of the
//     watched table is in the log, none of the other. Otherwise the run fails
//     (TestStatementsDoWhatIsCounted).
//   - Nothing of the run is left (TestInstructions, TestValgrindThatFails).
//   - Where nothing can be counted, the report says why (TestWithoutValgrind).
//   - The bars are judged only where their figures are from, PostgreSQL 15 on
//     amd64 (TestBarsThatDoNotApply).
//
// # Failures
//
// Settings are refused by name (TestSettingsAreChecked). A run that fails names
// the statement and the table, with what PostgreSQL and valgrind said.
package instructions
