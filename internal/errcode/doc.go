// Package errcode is the registry of error codes: what each means, why it
// happens and what to do. It does no I/O.
//
// # Overview
//
// [All] is the registry. Commands end with a code, see [With] and [Explain].
// Problem documents and close reasons of the wires carry one; /readyz and "rowcast
// doctor" report by it. [Markdown] is the page for people, ERRORS.md beside this
// file.
//
// # Guarantees
//
//   - Every code says where it is met, what is wrong, why, and what to do, and no
//     code has two meanings (TestEntriesAreWhole).
//   - Every code of a close or a problem document is in the registry
//     (TestCloseCodesAreRegistered). So is every code of /readyz and of a command
//     (TestCodesOfTheSourceAreRegistered).
//   - The page is what the registry says (TestPage).
//
// # Failures
//
// An error without a code is explained as [Unexpected].
package errcode
