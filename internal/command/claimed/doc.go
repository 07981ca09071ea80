// Package claimed shows events as somebody with the claims of a token would see them.
//
// # Overview
//
// [Read] reads a file with claims. [Open] makes [Eyes] of them, which follow the policy in
// force and for whom rows are.
//
// # Guarantees
//
//   - What a token with the claims would not receive is not shown, from the history and as
//     it comes. The rules are those that are in force when a change is read (rowcast:
//     TestTailAsShowsWhatATokenSees).
//   - What is wrong with the claims is refused with the file, the claim and what to do
//     (rowcast: TestTailAsRefusals).
//
// # Failures
//
// Mistakes of the caller are of the kind errcode.Misuse. A policy that cannot be followed
// any more is an error, as nobody would see what it is about.
package claimed
