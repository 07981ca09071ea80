// Package faults proves that clients miss nothing whatever breaks. It has
// tests alone.
//
// # Overview
//
// An env is a PostgreSQL of its own that can be killed and started again. On it run
// servers, which are processes of "rowcast serve". A run has writers commit random
// transactions on a few hot rows of several tenants, and clients follow: they hop from
// server to server, break off in the middle, and always continue from their cursor.
// While that goes on the test breaks something. At the end of a run the model checker
// compares what each client received with what was committed. Nothing is lost or
// repeated, and positions are contiguous in each tenant. Transactions are in one piece,
// and rows in the order of their versions, never against the clock. Nothing is of
// another tenant, and there is no reset.
//
// A transaction whose commit got no answer is looked up in the database
// afterwards.
//
// Each test prints its seed, which -faults.seed gives back; it decides what
// writers, clients and faults do, not when. Runs are short. Long ones do more
// of the same, so many times or for so long in each test:
//
//	go test ./internal/test/faults -v -faults.full -timeout 60m
//	go test ./internal/test/faults -v -run Chaos -faults.duration 10m -timeout 60m
//
// With the race detector the servers are built with it as well.
//
// # Guarantees
//
//   - The checker convicts each kind of fault (TestCheckerConvicts), and finds
//     each bug of package failpoint in one run (TestSeededBugsAreFound).
//
//   - Nothing is lost while no fault happens at all (TestRunWithoutFaults). The same
//     holds when some or all backends are ended every few seconds (TestBackendsKilled).
//     It holds when the postmaster is killed (TestPostmasterKilled) or PostgreSQL
//     restarts in the middle of a burst (TestDatabaseRestartedInABurst).
//
//   - A server whose database falls silent is unready within 10 s, sends its clients
//     one signal, and recovers by itself (TestDatabaseBlackHoled).
//
//   - Nothing is lost whatever comes after what (TestChaos).
//
//   - The database may lose what clients have received, by an older data directory
//     (TestRestoredDataDirectory) or a standby that lags (TestPromotedStandby). Then
//     each of them receives a reset, also when it comes back. That also holds where
//     other changes have their positions by then. Cursors from before continue; after
//     that everybody receives everything, under the right names.
//
//   - Nothing is lost when servers are killed twenty times (TestServersKilled).
//     One that is stopped is unready first, sends its clients away with retry
//     hints that are spread, and ends within 30 s (TestDrain).
//
//   - A client that reads nothing is closed in time. One at 8 KB/s, one that reads byte
//     by byte and one that is reset within frames get everything. Clients beside them
//     do not have to wait (TestSlowClients). The descriptors of clients that vanish
//     without a FIN are free within 50 s (TestSilentDeath).
//
//   - 3,000 clients that are cut off at once are live within 30 s, and read no history
//     (TestCrowdCutAtOnce). If their server was killed, a few reads serve all
//     (TestCrowdOfAKilledServer).
//
//   - Nobody's events wait for a transaction that stays open
//     (TestOpenTransactionDelaysNobody) or for an import, which is one event and
//     takes the server no more memory (TestImportBesideSmallWriters).
//
// # Failures
//
// A test that fails prints what the checker found, the seed, and the end of
// what each server wrote.
package faults
