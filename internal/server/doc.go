// Package server has the HTTP listeners: the public one for clients and the
// one for operators.
//
// # Overview
//
// A connection is watched from its first byte until a transport takes it over: each
// write has a deadline of its own.
//
// [Public] routes clients to the transports, the ticket office and the client that pages
// may load. If there are pages and an API it routes to these, too (TestPagesAndAPI). [Admin] answers probes and
// has the metrics. [Serve] runs a handler on a listener until its context ends.
//
// # Guarantees
//
//   - /livez says that the process runs; /readyz is red, with reasons in JSON, while a
//     client that joined would not get its events (TestReadinessGivesReasons; rowcast:
//     TestReadinessFollowsTheDatabase). Events that come late, found by polling because
//     LISTEN is not in effect, do not make it red: /status shows that (rowcast:
//     TestReadyWithoutListen). Triggers that were disabled or lost make it red, with the
//     command that repairs them (rowcast: TestDriftIsReported).
//   - /status answers, with the problem, when the database does not (rowcast:
//     TestReadinessFollowsTheDatabase, TestStatusDoesNotWaitForTheDatabase).
//   - A client that is slow to say what it wants is cut off, and does not keep others
//     out (TestSlowHandshakesAreCutOff). One that says too much is refused
//     (TestLargeHeadsAreRefused). One that is refused leaves nothing behind (rowcast:
//     TestFloodOfRefusedHandshakesLeavesNothing).
//   - A client that does not read its answers loses its connection, whatever it asks
//     for (TestUnreadAnswersEndTheConnection); one that reads slowly is served
//     (TestSlowReadersAreServed). An address has a bounded number of connections
//     that are no feed (TestConnectionsOfAnAddressAreBounded); those that are one
//     have slots, see package transport.
//   - What is for operators is not served to clients, nor to a page of another website
//     that the browser of an operator shows (TestAdminIsForOperators). A public listener
//     that knows its names answers to no others (TestOnlyOwnNames), as that of the demo
//     (rowcast: TestDemo).
//   - A client has 30 s to send the body of a request (TestBodyThatDoesNotCome).
//   - Pages of the allowed origins may read every path with credentials, others
//     none (TestPagesOfOthers).
//   - Refusals are problem documents of RFC 9457 (TestRefusalsAreProblems).
//
// # Failures
//
// Serve gives requests that are under way a few seconds after its context has
// ended. WebSockets and event streams are not requests any more then; the hub
// drains them.
package server
