// Package registry knows who is there: the sessions of a hub.
//
// # Overview
//
// A [Registry] has its members in a few parts, so that those who come and go seldom
// wait for each other, and so that looking after all of them is spread over time.
//
// # States
//
// It is open, then closed, then empty.
//
// # Guarantees
//
//   - Whoever was added before the registry was closed is among all, and it is empty
//     when the last of them has gone, not before (TestNobodyIsForgotten).
//
// # Failures
//
// None: who comes too late is refused.
package registry
