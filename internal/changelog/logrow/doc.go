// Package logrow reads the rows of the log, whatever they hold.
//
// # Overview
//
// A [Row] is a sealed log row: where it is, and the images of the table's rows that
// it stands for. Images are taken as the bytes that they are. What did not come with
// a page is looked up by [Complete]: rows of other segments of the log, and images
// that are large.
//
// # States
//
// A row is found once the log row is known. It is complete once its images are there,
// are not needed (bulk), or are refused, each with a reason.
//
// # Guarantees
//
//   - An image is the text that was logged, byte by byte, however deep
//     (TestImagesAreTakenAsTheyAre).
//   - One that is damaged, too large, no JSON object, or that the database cannot read
//     is refused, with the reason, and no other is (TestDamagedImages; changelog:
//     TestReadOneByOne).
//   - A log row that is gone, or of a table that nobody knows, is sent as
//     unreadable (changelog: TestUnreadableLog).
//
// # Failures
//
// [Refused] separates two kinds of errors. One is about rows, and reading them one
// by one gets past it. The other is about the connection or the database, and is
// worth a new try.
package logrow
