// Package script serves socket.io-client to pages that load it from the server they
// connect to.
//
// # Overview
//
// The files are those of the npm package, unmodified: socket.io.js, socket.io.min.js
// and the module socket.io.esm.min.js. [Handler] serves the one that a path ends
// with.
//
// # Guarantees
//
//   - The files are served as such, and need not be loaded again while they are the
//     same (TestHandler).
//   - They are those of the version that the tests run (clients: TestSocketIOScripts).
//
// # Failures
//
// What is no such file is not found.
package script
