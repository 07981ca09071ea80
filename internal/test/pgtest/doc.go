// Package pgtest gives tests a real PostgreSQL.
//
// # Overview
//
// A package calls [Main] from its TestMain. Its tests then share one throw-away
// server, reached over a unix socket. It starts when the first test asks for a
// [Database], and is gone before leaked goroutines are looked for. Each test has a
// database of its own; [Migrated] also puts Rowcast into it. [Connect], [Exec],
// [Query] and [Column] work on any. Roles belong to the whole server, so tests that make roles
// choose names of their own or take a server of their own. Tests that kill or
// configure the server take theirs with [Own]. On Linux the servers are in /dev/shm
// if it is large enough; set TMPDIR to have them elsewhere. ROWCAST_PG_BINDIR
// chooses another version of PostgreSQL, as in
//
//	ROWCAST_PG_BINDIR=$(.ci/postgres 18) go test ./triggers
//
// # Guarantees
//
//   - A database is empty, and dropped when its test ends even while somebody
//     is connected to it (TestDatabaseIsFreshAndDropped).
//   - The server is of the version whose programs are found
//     (TestServerVersion).
//   - The server allows 200 connections and 20 prepared transactions
//     (TestServerSettings).
//   - A statement that fails ends the test, with what it was and why
//     (TestExecSaysWhatFailed).
//   - Psql stops at the first error and fails the test with what psql said
//     (TestPsqlStopsAtTheFirstError).
//
// # Failures
//
// A server that does not start fails each test that asks for it with the
// reason; no test is skipped.
package pgtest
