// Package clients drives the clients that people already have, from npm,
// against real servers. It has tests alone.
//
// # Overview
//
// The programs in js are clients on Node: with the packages ws, eventsource and
// socket.io-client, unmodified and of fixed versions. A test starts one, tells it
// what to do, and reads what happens to it. The packages are installed into the
// cache of the user, once for each package-lock.json; then nothing needs the
// network.
//
// # Guarantees
//
//   - With ws: every way to show a token, events in order, resumption after a
//     cut, and the close codes (TestWs, TestWsClosed).
//
// # Failures
//
// Without node or npm the tests fail and say what to install; with -short they
// are skipped then.
package clients
