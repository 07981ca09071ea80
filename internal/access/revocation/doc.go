// Package revocation knows which tokens are not good any more, although they
// have not expired.
//
// # Overview
//
// The table rowcast.revocation is the truth; "rowcast revoke" and the SQL function
// rowcast.revoke write it. A [Watcher] asks for its version when it is notified,
// and once a second while notifications may not arrive. It keeps the newest [List],
// which reports whether an identity is revoked. [Watcher.Verify] and
// [Watcher.Redeem] refuse such tokens and tickets; Options.Changed is where a
// server has the connections looked through that are there already.
//
// # States
//
// A Watcher knows nothing until the database has answered once. Until then
// tokens are refused as not to be checked at the moment. From then on it has a
// list, that of the last answer when the database is away.
//
// # Guarantees
//
//   - A token fits a revocation if it fits all of its conditions, and an identity is
//     revoked if it fits one of them (TestList). The time of issue counts in whole
//     seconds, as tokens have it, in favour of the revocation. A token without it is
//     older than any time.
//   - Empty text names nothing. A row with it, or without any condition, revokes
//     nothing, and the log says which (TestRowsThatNameNothing). The database refuses to
//     write one (TestRevokeRefuses), and so does "rowcast revoke" (rowcast:
//     TestRevokeNamesSomething).
//   - A revocation is in force within a second of its commit, whatever wrote it,
//     and at once if the notification arrives. It is lifted as soon when it is
//     undone (TestWatcherFollowsTheTable, and on every wire and server cmd/rowcast:
//     TestRevocationReachesEveryTransportOfEveryServer).
//   - Nobody is let in before the revocations are known
//     (TestNothingIsLetInBeforeTheListIsKnown).
//   - While notifications arrive the table is asked for each 10 s only, so that an
//     idle server stays idle. When they are not, and when they are again, it is
//     asked at once (TestNotificationsAreReliedOn). If LISTEN is lost without a
//     sign, revocations are late until the tail's next probe, a few seconds.
//   - Notifications cost at most ten questions a second, whatever role sends them
//     (TestNotificationsAreBounded). The question is one row while nothing has
//     changed.
//   - A revocation of a tenant is one of each spelling that the database takes for the
//     same (rowcast: TestTenantsHaveOneName).
//   - A revocation ends at its time without a change of the table (TestList).
//
// # Failures
//
// A database that does not answer is logged when that begins and when it ends.
// Meanwhile revocations that are known stay in force; no events come either.
package revocation
