// Package refusal counts what is refused to clients, and logs why.
//
// # Overview
//
// A [Log] is one for all transports. [Log.Note] counts a [Reason] by its code. Reasons of
// one code about the same thing are one kind, which has one line a minute in the log.
//
// # Guarantees
//
//   - Every refusal is counted, and each kind is logged once a minute with how many there
//     were (transport: TestRefusalsAreReported).
//   - The log has nothing of a token but its algorithm and the id of its key
//     (transport: TestRefusalsAreReported).
//
// # Failures
//
// There are none.
package refusal
