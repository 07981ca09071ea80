// Package latency measures the time from a commit to the client, beside a bare
// LISTEN client in the same run.
//
// # Overview
//
// Two tables have the same columns. The measured one is watched by Rowcast, and a
// WebSocket client of a running server has joined its tenant. The notified one has the
// usual row trigger that calls pg_notify with the row as JSON, and a pgx connection
// listens. [Settings.Measure] writes single-row transactions to one table and then to
// the other, in blocks that take turns. Each block begins with a lead-in that is not
// counted. A row carries the time at which its commit was intended. Latency counts from
// there, so that a stall is felt by all that was due during it. Then everything is left
// alone, to see what the server costs when nothing happens.
//
// # Guarantees
//
//   - Every row arrives exactly once on its side, or Measure returns an error
//     (TestMissingRowsAreNamed, TestRepeatedRowIsNamed; rowcast-bench:
//     TestEveryRowArrives).
//   - Queries of an idle database are counted without our own (TestIdle).
//
// # Failures
//
// A client that is cut off, or gets an error or reset, ends the run.
package latency
