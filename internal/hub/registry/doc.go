// Package registry knows who is there: the sessions of a hub.
//
// # Overview
//
// A [Registry] has its members in a few parts. So members that come and go seldom
// wait for each other, and looking after all of them is spread over time.
//
// # States
//
// It is open, then closed, then empty.
//
// # Guarantees
//
//   - A member that was added before the registry was closed is among all. The
//     registry is empty when the last of them has gone, not before
//     (TestNobodyIsForgotten).
//
// # Failures
//
// None: a member that comes too late is refused.
package registry
