// Package servetest gives tests real servers: "rowcast serve" as processes of
// their own, which can be stopped, killed and started again.
//
// # Overview
//
// A package calls [Main] from its TestMain. The program is built when the first
// test asks for it, with the race detector if the tests have it. [Database] is
// an empty inventory; [Start] serves a database on ports that are free.
// [Proxy] is an address that stays while the servers behind it come and go.
// [NewBundle] serves one transport in this process, from a hub without a database.
//
// # Guarantees
//
//   - A server listens when Start returns, is gone after Kill, and serves again
//     after Restart (TestServerIsKilledAndStartedAgain).
//   - A proxy leads to the server that was set last, and cuts what goes through it
//     on demand (TestProxy).
//
// # Failures
//
// A server that does not come up fails the test with what it wrote. So does a
// data race in a server. A test that fails prints the end of what its servers
// wrote.
package servetest
