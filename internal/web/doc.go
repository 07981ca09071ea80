// Package web serves the pages of the inventory application, as they were built
// into dist.
//
// # Overview
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
//
// # Failures
//
// Handler fails if dist has no index.html. Refusals are problem documents.
package web
