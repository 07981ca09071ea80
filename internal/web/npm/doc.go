// Package npm runs npm in the workspace of the web side, for tests.
//
// # Overview
//
// [Install] installs the packages of the lock, [Run] runs a command of npm.
//
// # Guarantees
//
//   - Packages are installed once for each lock, also when several processes
//     want them at the same time (TestInstallOnce).
//   - A command that fails fails the test, with what it said
//     (TestFailureIsReported).
//
// # Failures
//
// Without npm, or with a Node that is too old, the test fails and says what to
// install.
package npm
