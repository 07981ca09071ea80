// Package devpg runs a private PostgreSQL server: for the demo, for a service
// without a database, and for every test.
//
// # Overview
//
// [Start] lets pgbin find or download the programs of PostgreSQL, makes a cluster and
// has proc run the postmaster as a child. The server listens on a free port of
// 127.0.0.1 with a random password. Its unix socket is in a directory that is closed to
// other users. Everything is in one directory:
//
//	rowcast.json  the marker: version, port, password
//	rowcast.lock  locked by the process that runs the server
//	rowcast.conf  settings, written at every start
//	postgres.log  what the server says, and postgres.log.1 of the last start
//	data, run     the cluster and its socket
//
// PostgreSQL refuses to run as root. For root it runs as the user postgres, or
// nobody. That user owns data and run, but not the rest.
//
// The cluster of a throw-away server is a copy of one that initdb made earlier and
// that stays in the user's cache. It does not sync to disk unless it is asked to be
// durable. Data that is kept comes from an initdb of its own and is always durable.
//
// # States
//
// A server runs from Start on. [Server.Stop], [Server.Kill] or a crash end the
// run, which closes [Server.Done]; [Server.Restart] begins another on the same
// directory, port and password. [Server.Close] is final. While the server is
// stopped, [Server.Copy] gives a copy of its data for a session without a server.
//
// # Guarantees
//
//   - psql and pgx reach the server with its DSN, nobody without the password
//     does over TCP (TestThrowAwayServer, TestPasswordGuardsTCP), and only our
//     user reaches the socket (TestOnlyWeReachTheSocket).
//   - A directory that is not ours is not touched (TestForeignDirectoryIsUntouched),
//     nor one of another major version or in use (TestOtherMajorIsRefused,
//     TestKeptDataSurvives).
//   - Kept data survives Close, Kill and the death of our process, with port
//     and password (TestKeptDataSurvives, TestKillAndRestart,
//     TestServerDiesWithItsProcess). What a crash leaves behind does not keep
//     the next start from working (TestStalePIDFile,
//     TestRestartWaitsForOldProcesses).
//   - A throw-away server leaves nothing after Close, even when it was killed
//     (TestThrowAwayServer, TestKilledServerLeavesNothing). On Linux it dies with
//     our process, and the next start removes its directory
//     (TestServerDiesWithItsProcess). It does not die with the thread that called
//     Start (TestServerOutlivesTheCallersThread).
//   - Ctrl-C in the terminal does not reach the server before we stop it
//     (TestServerHasItsOwnProcessGroup).
//   - What runs on a copy changes the data of no server, and nothing is left of
//     it (TestCopyOfTheData).
//   - Servers that start at the same time share one initdb
//     (TestServersShareOneTemplate).
//
// # Failures
//
// Start returns an error that says what to do; if the server gave up, with the
// end of its log (TestFailureCarriesTheLog). A run that ends unasked closes
// Done, and [Server.Err] says why (TestEndFromOutside). On Windows Start refuses.
package devpg
