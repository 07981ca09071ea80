// Package operator has the commands for those on call.
//
// # Overview
//
// [Program.Commands] are doctor, status, history, replay, prune, token, config and man. [Explain]
// says of an error what it means and what to do, from the registry of codes.
//
// # Guarantees
//
//   - doctor ends with 0, 1 or 2 as its report is ok, warn or fail, in every format
//     (TestDoctorEndsAsItsReport).
//   - history prints what /history serves, and the cursor on which it continues
//     (TestHistoryGoesOnFromItsCursor).
//   - replay sends what its range holds to the clients of the tenant, and with
//     --dry-run nothing (TestReplaySendsAgain).
//   - prune forgets what is older than the retention and nothing else, and says
//     what it did or, with --dry-run, would do (TestPruneSaysWhatItDid).
//   - status shows a change as soon as it is sealed (TestStatusFollowsTheFeed).
//   - config shows where each value comes from, and no secret
//     (TestConfigSaysWhereFrom).
//   - token check says whether a server takes a token and why not, and never prints it
//     (TestTokenCheck).
//   - Every command has a page of the manual (TestManual), and completes
//     (TestCompletion).
//   - Every error ends with why, what to do and a code (TestErrorsAreExplained).
//
// # Failures
//
// Mistakes of the caller have the code [errcode.Usage].
package operator
