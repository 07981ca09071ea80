// Package signal is what the hub says to a transport, and what it asks of one.
//
// # Overview
//
// A [Signal] is a message of the hub that is no event. A [Encoder] encodes signals and
// events for one kind of connection, a [Conn] is one connection.
//
// # Guarantees
//
//   - Every kind of signal has a text in every transport, or none on purpose (rowcast:
//     TestEverySignalIsInTheContract).
//
// # Failures
//
// None: it has types and codes alone.
package signal
