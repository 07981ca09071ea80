// Package rows is the transport for clients that begin: GET /rows, the rows of one table
// for one tenant as they are in one snapshot, and the cursor from which events follow.
//
// # Overview
//
// [Handler] checks the request and waits until it may read. It then streams lines of JSON:
// the snapshot, a line for each row, and the end. What a client does not see of a row is
// decided as for events, by its view. [Handler.Stats] counts.
//
// # States
//
// A request waits for its turn. It then holds a snapshot and a connection to the database,
// until the last line is written or the client has left.
//
// # Guarantees
//
//   - Rows are those of the table that match, and each is byte for byte the row in its
//     event (conform: TestRows).
//   - A row that is not for the client, or a column that it does not see, is in no byte
//     of the answer (TestMaskedRows; conform: TestRows).
//   - Only an answer with an end is whole. What ends it early is its last line
//     (TestLimits, TestEnds).
//   - A few read at once, one for each subject of a tenant. Others wait for a moment, and are then
//     sent away (TestTakesTurns).
//   - A client that leaves ends its query (TestClientLeaves). One that reads slowly holds
//     rows back in the database, not in memory (TestSlowClientHoldsNothing). One that takes
//     nothing for long is left (TestStalledClientIsLeft).
//   - Nothing that was committed after a change of the rules is decided by the ones before
//     (TestRulesAreTakenFirst).
//
// # Failures
//
// Before the first line there are problem documents, as for every path. A table that
// cannot be read is 409 with the code not-readable; the log says why. One beyond its
// share gets 429 with Retry-After.
package rows
