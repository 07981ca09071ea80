// Package health asks the database now and then whether what the feed depends on is
// still as it was installed. It reports what is not.
//
// # Overview
//
// A [Watcher] runs sql/health.sql every 10 s and keeps the answer for /readyz, /status
// and /metrics. Each change for the worse or the better is one line of the log.
//
// # States
//
// A watched table is intact or drifted. It has drifted when a trigger on the table
// or a partition is missing, disabled, or not enabled as "rowcast migrate" does. It
// has also drifted when the table was dropped, or its name means another table.
// Drift says whether changes are lost, which are not sent later, or all are
// captured; [Drift] has that as Lost. The queue of NOTIFY is calm or filling; above
// one half writers no longer notify.
//
// # Guarantees
//
//   - Drift is found within one interval, whatever made it, and so is its
//     repair by "rowcast migrate" (TestDriftIsFoundAndRepaired,
//     TestDroppedTableIsDrift). Whether changes are lost is part of it
//     (TestDriftIsFoundAndRepaired).
//   - Changes that are made while session_replication_role is replica are
//     captured, and are no drift (TestReplicaWriterIsNoDrift).
//   - A state is logged when it begins and when it ends, and not in between
//     (TestDriftIsLoggedOnce).
//   - A pause of capture is reported while it goes on, and logged with who and
//     why, also one that is over before anybody looks (TestPausesAreReported).
//   - A session that holds a lock of the servers without being one is reported and
//     logged (TestHoldersOfLocksAreNamed).
//   - A queue that fills is reported, with the session that may keep it from
//     being emptied (TestFillingQueueNamesTheHolder, TestQueueUsageIsReported).
//   - A database that does not answer changes nothing that is known
//     (TestUnansweredCheckKeepsTheState).
//
// # Failures
//
// Triggers that were disabled and enabled again between two checks are not
// noticed. A check that fails is logged once and repeated.
package health
