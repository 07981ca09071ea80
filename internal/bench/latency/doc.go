// Package latency measures the time from a commit to the client, beside a bare
// LISTEN client in the same run.
//
// # Overview
//
// Two tables have the same columns. The measured one is watched by Rowcast, and
// a WebSocket client of a running server has joined its tenant. The notified
// one has the usual row trigger that calls pg_notify with the row as JSON, and
// a pgx connection listens. [Run] writes single-row transactions to one table
// and then to the other, in blocks that take turns, so that neither disturbs
// the other and both meet the same machine. Each block begins with a lead-in
// that is not counted.
//
// Writers follow an open loop: a row carries the time at which its commit was
// intended, and latency counts from there, so that a stall is felt by all that
// was due during it. All clocks are that of this process.
//
// Then everything is left alone, to see what the server costs when nothing happens.
//
// # Guarantees
//
//   - Every row arrives exactly once on its side, or Measure returns an error
//     (TestMissingRowsAreNamed, TestRepeatedRowIsNamed; rowcast-bench:
//     TestEveryRowArrives).
//   - The tables are in a schema of their own, which is gone afterwards, also after an
//     interrupt (stage: TestSchemaIsGone).
//   - Queries of an idle database are counted without our own (TestIdle).
//
// # Failures
//
// A schema that is there already belongs to another run, or to one that was
// killed: the error says how to remove it. A client that is cut off, or told an
// error or reset, ends the run.
package latency
