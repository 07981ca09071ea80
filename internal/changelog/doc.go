// Package changelog follows rowcast.log: it seals what writers appended, reads
// it in commit order, and reads history for clients that resume.
//
// # Overview
//
// A [Tail] is the one reader of a process. It calls rowcast.seal, which gives
// newly visible transactions their sequences, and publishes what was sealed. NOTIFY
// is a hint; the log is the truth. Several servers may run on one database:
// one leads and seals, the others follow it and take over when it is silent.
//
// [History] reads sealed changes of one tenant after a cursor, with long
// statements as one change or row by row.
//
// # States
//
//	connecting ──► live: awake ──► drowsy ──► asleep
//	     ▲                ▲                      │
//	     │                └─ notified often ─────┘
//	     └── connection lost, from any state
//
// Awake, the leader polls every few milliseconds and writers stay silent. To sleep
// it requests the sleep lock exclusively. Writers try that lock shared and notify
// if they do not get it. From the request on every try fails, and the grant waits
// for the writers that got it earlier. So the leader seals once more after the
// grant, and then waits for a notification. If changes come fast while it waits for
// the grant, it withdraws the request.
//
// # Guarantees
//
//   - Every committed change is published once, in an order that never
//     contradicts a row lock or the clock, and a transaction's changes are
//     contiguous (TestModel).
//   - Positions of a tenant are contiguous from 1 and the same on every server
//     (TestModel, TestServersAgree).
//   - No wake-up is lost: a change is found without the fallback poll, whenever
//     its writer commits and whichever connection is lost (TestSleepLock,
//     TestSleepsOnlyAfterASealOfItsOwn, TestSleepSurvivesKills,
//     TestSecondServerTakesOver, TestWakesUpUnderLoad).
//   - Nothing is published before it is durable: the seal commits synchronously
//     and flushes what it seals (TestPublishedIsDurable, TestTailSurvivesRestart).
//   - A log that arrives from another database by replication is taken for nobody's own,
//     also if it begins to while a tail runs (rowcast: TestPublicationForAllTables).
//   - A cursor whose history was pruned or rewritten is refused, never skipped
//     (TestHistoryRefusesForeignCursors, TestPruneMovesTheFloor,
//     TestHistoryBeginsAtTheFloor). After a restore, the number of a table in the
//     lost history is never taken for another table (TestRestoredNumbersOfTables,
//     TestHistoryFollowsANewFeed).
//   - Whatever the log holds, a change that cannot be read is sent at its position
//     without its row, and everything goes on (TestUnreadableLog, TestReadOneByOne).
//   - Rows are UTF-8 whatever the encoding of the database is; U+FFFD stands for
//     what is none in SQL_ASCII, and never makes one tenant another
//     (TestOtherEncodings, TestEncodingOfTheSession). A tenant that the encoding
//     cannot write has no changes (TestTenantThatCannotBeWritten).
//   - Writers that queue up to notify wake the leader, however slow their commits
//     are (TestWakesUpForAQueue).
//   - A page of the log costs a few blocks a row, whatever the length of the log
//     (TestPagesAreLookedUp) and its segments (TestPagesLookIntoNoOtherSegment). A
//     read of a part of a statement reads no more than that
//     (TestHistoryOfAStatement).
//   - An idle server asks two questions a second, and a flood of messages,
//     which any role can send, costs a bounded number (TestIdleServerAsksLittle,
//     TestFloodOfNotificationsIsBounded, TestFloodOfAPlainRoleIsBounded). What they say
//     is not believed (TestForgedNotificationsAreHarmless,
//     TestForgeriesOfAPlainRoleAreIgnored).
//   - While nothing changes, nothing is written: no number of a transaction is taken, no
//     byte of the log of PostgreSQL (rowcast: TestIdleServersWriteNothing).
//   - A queue of NOTIFY that others fill stops neither writers nor the tail
//     (TestFullQueueHarmsNobody).
//
// # Failures
//
// A lost connection is replaced and the tail goes on where it was. One that has fallen
// silent, or has lost its LISTEN, is found by asking it now and then
// (TestSilentConnectionIsNoticed, TestLostListenIsNoticed). One that swallows
// notifications is found by the first change (TestSwallowedNotificationsAreNoticed).
// While the locks may be gone with their connection, the tail polls. A frozen leader
// costs latency: a server that hears a writer and no leader seals by itself. A history
// that was rewritten under a running tail (restored backup, failover that lost
// transactions) is reported by Options.Reset (TestRewrittenHistoryIsReported).
package changelog
