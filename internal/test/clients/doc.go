// Package clients drives the clients that people already have, from npm and for
// Python, against real servers. It has tests alone.
//
// # Overview
//
// The programs in js are clients on Node: with the packages ws, eventsource and
// socket.io-client, unmodified and of fixed versions. The one in python is a client
// with python-socketio. A test starts one, sends it what to do, and reads what happens
// to it. The packages are installed into the cache of the user, once for each
// package-lock.json; then nothing needs the network.
//
// # Guarantees
//
//   - With ws: every way to show a token, events in order, resumption after a
//     cut, and the close codes (TestWs, TestWsClosed).
//   - With curl, the stream of a tenant and its history (TestCurl).
//   - With eventsource, a token in a header or a ticket, and Last-Event-ID over
//     kills and stops of the server (TestEventSource, TestEventSourceTicket,
//     TestEventSourceRefused).
//   - With socket.io-client, by default options, by WebSocket and by polling
//     alone: joining and leaving with acknowledgements, auth as an object and as
//     a function (TestSocketIO), refused tokens and their code
//     (TestSocketIORefused). When a server stops the client comes back by itself
//     (TestSocketIODrained).
//   - With recovery, a client whose server was killed recovers, and receives exactly
//     what it missed (TestSocketIORecovery). So does one that polls and whose session
//     ended before it had fetched everything (TestSocketIOBehind).
//   - With python-socketio of the system, a handler with one argument, or with two
//     for meta, on every transport, and a fresh token (TestPython).
//   - The server has the scripts of socket.io-client (TestSocketIOScripts).
//   - A frontend for a Socket.IO server of its own needs a new URL and nothing
//     else; with recovery it misses nothing (TestOldFrontend).
//
// # Failures
//
// Without node, npm or python-socketio the tests fail and say what to install; with
// -short they are skipped then.
package clients
