// Package conform holds every wire to the same promises. It has tests alone.
//
// # Overview
//
// A wire is a way to follow the feed: the native WebSocket, Server-Sent Events,
// Socket.IO on a WebSocket or on polling, with recovery or without. Each has a
// small client here, which says what it receives in one form. Each test below
// runs once for each wire, against servers that are processes of their own on a
// real database.
//
// # Guarantees
//
//   - What was committed after joined arrives, and nothing from before
//     (TestJoin).
//   - Positions are contiguous. The events of a change are together and in order, and
//     so are the changes of a transaction. A bulk is one event (TestOrder). Behind a
//     filter, progress says how far the stream is (TestFilter).
//   - A client that is cut off after any event, or in a row after each, receives
//     exactly the rest. The server may be the same or another (TestResume).
//   - A cursor that cannot be continued from is answered with a reset, and live
//     events follow (TestReset).
//   - A client without a token, with a forged one or with one of another tenant
//     joins nothing. Two tenants that are written to at once see nothing of each
//     other (TestIsolation).
//   - The connection ends with its token, and continues with a fresh one
//     (TestExpiry).
//   - A client that does not read is ended, may come back and then misses nothing;
//     a client that reads has everything by then (TestSlowConsumer).
//   - One statement larger than what a server keeps reaches everybody, those that
//     are slower than the writer too. The others do not wait, and the memory of the
//     server has a bound (TestOverrun).
//   - A server that stops asks its clients to come back; on another they miss nothing
//     (TestDrain).
//   - A change that cannot be read is sent without its row, live and when resuming
//     (TestUnreadable).
//   - A client that asks for rows by their values receives what happens to them, what
//     enters and what leaves. That is so live, from every cursor and from the history
//     (TestWhere).
//     Progress closes the holes (TestWhereReportsHoles), and a filter that is wrong is
//     refused (TestWhereIsRefused).
//   - A row for one subject reaches that subject alone, and of what was never for a client
//     it receives not a byte (TestAudience). A large statement is sent row by row then
//     (TestAudienceOfALargeStatement).
//   - Whatever the table, the policy, the audience, the token and the filter: each client
//     receives what a reference in SQL says, live, from every cursor and from the history.
//     What is withheld from it is in no byte that it receives (TestNothingLeaks). Bugs by
//     which something leaks are found (TestSeededLeaksAreFound, TestLeakCheckConvicts).
//   - Numbers arrive as the guide for clients promises, those of columns and those
//     within arrays, json and composite values (TestNumbers).
//   - Clients receive a signal when events are late, and one when they no longer
//     are (TestOutage).
//
// # Failures
//
// A test that fails prints what its connection received.
package conform
