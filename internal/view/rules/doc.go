// Package rules follows the rules by which the server withholds events: audiences and the
// policy.
//
// # Overview
//
// The rules have a version in the database. A [Watcher] asks for it now and then, on a
// connection of its own. It settles a policy that is pending, and compiles the one that is
// active, see [Watcher.Policy]. A reader of changes says which version came with them, see
// [Watcher.Take].
//
// # States
//
// A Watcher is at a version. It only goes forward, until Forget: then the database may be
// another one. The name of its connection in pg_stat_activity says which version it is at.
//
// # Guarantees
//
//   - When Take returns, the server follows the version or a newer one (TestTake).
//   - A version that nothing was read with is followed within a second or so, and so are
//     columns that were renamed or replaced (TestVersionIsNoticed; conform:
//     TestPolicyFollowsColumns).
//   - A connection that is gone is made anew (TestConnectionIsMadeAnew).
//   - A policy that cannot be read shows nobody anything (conform: TestUnusablePolicy).
//
// # Failures
//
// A database that does not answer is logged when that begins and when it ends. Meanwhile
// the rules hold that are known.
package rules
