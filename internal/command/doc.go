// Package command has all commands of rowcast.
//
// # Overview
//
// [New] makes the tree: serve and demo run the service, migrate, watch and unwatch
// change a database, and the others are for those on call. Each file has the commands
// of its name. What they share is in package program.
//
// # Guarantees
//
//   - doctor ends with 0, 1 or 2 as its report is ok, warn or fail, in every format
//     (rowcast: TestDoctorEndsAsItsReport).
//   - history prints what /history serves, and the cursor on which it continues
//     (rowcast: TestHistoryGoesOnFromItsCursor).
//   - replay sends what its range holds to the clients of the tenant, and with --dry-run
//     nothing (rowcast: TestReplaySendsAgain).
//   - prune forgets what is older than the retention and nothing else, and says what it
//     did or, with --dry-run, would do (rowcast: TestPruneSaysWhatItDid).
//   - status shows a change as soon as it is sealed (rowcast: TestStatusFollowsTheFeed).
//   - config shows where each value comes from, and no secret (rowcast:
//     TestConfigSaysWhereFrom).
//   - token check says whether a server takes a token and why not, and never prints it
//     (rowcast: TestTokenCheck).
//   - Every command has a page of the manual (rowcast: TestManual), and completes
//     (rowcast: TestCompletion).
//
// # Failures
//
// Mistakes of the caller have the code [errcode.Usage].
package command
