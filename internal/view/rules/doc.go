// Package rules follows the rules by which the server withholds events.
//
// # Overview
//
// The rules have a version in the database. A [Watcher] asks for it now and then. A reader
// of changes says which version came with them, see [Watcher.Take].
//
// # States
//
// A Watcher is at a version. It only goes forward, until Forget: then the database may be
// another one.
//
// # Guarantees
//
//   - When Take returns, the server follows the version or a newer one (TestTake).
//   - A version that nothing was read with is followed within a second or so
//     (TestVersionIsNoticed).
//
// # Failures
//
// A database that does not answer is logged when that begins and when it ends. Meanwhile
// the rules hold that are known.
package rules
