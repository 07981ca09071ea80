// Package changelog follows rowcast.log: it seals what writers appended, reads
// it in commit order, and reads history for clients that resume.
//
// # Overview
//
// A [Tail] is the one reader of a process. It calls rowcast.seal, which gives
// newly visible transactions their places, and publishes what was sealed. NOTIFY
// is a doorbell; the log is the truth. Several replicas may run on one database:
// one leads and seals, the others follow it and take over when it is silent.
//
// [History] reads sealed changes of one tenant after a cursor.
//
// # States
//
//	connecting ──► live: awake ──► drowsy ──► asleep
//	     ▲                ▲                      │
//	     │                └── rings come fast ───┘
//	     └── connection lost, from any state
//
// Awake, the leader polls every few milliseconds and writers stay silent. To
// sleep it requests the sleep lock exclusively. Writers try that lock shared
// and ring if they do not get it. From the request on every try fails, and the
// grant waits for the writers that got it earlier, so the leader polls once
// more after the grant and then waits for a ring.
//
// # Guarantees
//
//   - Every committed change is published once, in an order that never
//     contradicts a row lock or the clock, and a transaction's changes are
//     contiguous (TestModel).
//   - Positions of a tenant are contiguous from 1 and the same on every replica
//     (TestModel, TestReplicasAgree).
//   - No wake-up is lost: a change is found without the fallback poll, whenever
//     its writer commits (TestSleepLock).
//   - Nothing is published before it is durable: the seal commits synchronously
//     and flushes what it seals.
//   - A cursor whose history was pruned or rewritten is refused, never
//     skipped (TestHistoryRefusesForeignCursors, TestPruneMovesTheFloor).
//
// # Failures
//
// A lost connection is replaced and the tail goes on where it was. A frozen
// leader costs latency: a replica that hears a writer and no leader seals by
// itself. A history that was rewritten under a running tail (restored backup,
// failover that lost transactions) is reported by Options.Reset.
package changelog
