// Package origin says which websites and apps may send requests.
//
// # Overview
//
// [Origins] is the list of those that may, [NewCORS] sends browsers the same.
//
// # Guarantees
//
//   - Origins match whole, of websites and of apps, and a star stands for a part of one
//     label alone; "null" and lookalikes are refused (TestOriginAllowed,
//     TestNewOriginsNamesBadValues).
//   - A page of theirs may send any header (TestCORS).
//
// # Failures
//
// A value that is no origin is an error that says what is wrong with it.
package origin
