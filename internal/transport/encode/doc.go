// Package encode has what every transport says to a client, as JSON.
//
// # Overview
//
// [AppendEvent] and [AppendSignal] append the message of an event and of a signal of the
// hub; a transport frames it. The others are messages of the transports themselves.
//
// # Guarantees
//
//   - Each message is one JSON object, whatever a row or a name holds (transport:
//     TestMessages, TestStringsRoundTrip).
//   - A refusal repeats the request and the tenant whole (transport:
//     TestRefusalsAreWhole).
//
// # Failures
//
// None: bytes that are no UTF-8 become U+FFFD.
package encode
