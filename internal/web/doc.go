// Package web is the web side. Its Go part serves the pages of the inventory
// application, as they were built into dist.
//
// # Overview
//
// The folder is one npm workspace with one lock. client is the package for
// TypeScript, with its React provider: it speaks the native WebSocket, and
// Server-Sent Events where that is blocked. Its event types are written from
// the catalogue (package gen).
//
// [Handler] keeps every file of dist in memory and answers with one of them, with
// index.html or with a refusal. There are no folders, so none can be listed.
//
// # Guarantees
//
//   - A path that looks like a page, with no dot in its last part, is answered
//     with index.html: the pages have addresses of their own
//     (TestPagesHaveAddresses). Any other unknown path is not found
//     (TestUnknownFilesAreNotFound), and no folder is listed
//     (TestFoldersAreNotListed).
//   - index.html is never stored, so that a new build is seen at once; what is
//     below assets/ has the hash of its content in its name and is kept for good;
//     other files are asked for again, and sent only if they changed
//     (TestCaching).
//   - Pages run no script and no style but those of their own origin, and stand
//     in no frame (TestPagesAreConfined). The built page has neither inline
//     (TestBuiltPageObeysItsPolicy).
//   - The client delivers every event after its cursor once and in order,
//     whatever happens to its connections, or tells a reset; it is small, and
//     has one connection under StrictMode and none after it. TestClient runs
//     the tests in client/test.
//
// # Failures
//
// Handler fails if dist has no index.html. Refusals are problem documents.
// Without npm TestClient fails and says what to install (package npm); with
// -short it is skipped.
package web
