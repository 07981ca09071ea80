// Package reference is the server that the fan-out benchmark compares with:
// socket.io on Node, which gets rows by LISTEN and emits them to rooms.
//
// # Overview
//
// [Install] puts server.mjs and the packages of package-lock.json into the cache
// of the user. [Start] runs it as a process of the benchmark. It sends the same event, data and meta as Rowcast, in
// one process with the default settings. It checks no tokens, keeps no history
// and makes its cursors up.
//
// # Guarantees
//
//   - Packages are those of the lock, installed once; afterwards neither npm nor
//     a network is needed, and a broken installation leaves nothing behind
//     (TestInstallOnce, TestBrokenInstallLeavesNothing).
//   - Every client receives every event once (TestEveryClientOfTheReference).
//   - Its processor time and memory are read as those of Rowcast, by getrusage(2)
//     and from /proc (TestUsageOfTheReference).
//
// # Failures
//
// A machine without node, or without npm before the first run, gets an error that
// names what to install (TestMissingProgramsAreNamed).
package reference
