// Package overview is what the database says of the feed, for people and programs.
//
// # Overview
//
// [Read] makes a [Report]: the head of the log, what is not sealed, the servers, the
// watched tables and the pauses of capture. [ReadPulse] is the part about the log.
//
// # Guarantees
//
//   - A report shows a change as soon as it is sealed (rowcast:
//     TestStatusFollowsTheFeed).
//
// # Failures
//
// A database that does not answer within 15 s is an error.
package overview
