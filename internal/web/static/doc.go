// Package static serves files that were built: out of memory, so that nothing of a disk
// can be asked for.
//
// # Overview
//
// [Read] reads all files of a tree, [Files.Serve] answers with one of them. Which one a
// path means is for others to say.
//
// # Guarantees
//
//   - A file whose name has the hash of its content is kept for good. Others are asked
//     for again, and sent only if they changed (TestServe). There is no time of a file:
//     it says nothing about a build.
//   - What is no file is not found, and only GET and HEAD are taken; both refusals are
//     problem documents (TestServe).
//   - No file is sniffed (TestServe).
//
// # Failures
//
// Read fails as the tree does.
package static
