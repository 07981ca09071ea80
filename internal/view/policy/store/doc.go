// Package store keeps the policy in the database: which roles see what.
//
// # Overview
//
// [Apply] stores a policy as pending. [Settle] checks a pending one against the watched
// tables and makes it active, or refuses it. Servers do that, and so does the command
// that applies it. [Active] reads what is in force, with the tables as they are now, and
// [State.Load] compiles it:
//
//	state, err := store.Active(ctx, pool)
//	p, err := state.Load(counter)
//
// # States
//
// A policy is pending, then active or refused. An active one is replaced by the next, and
// a pending one by one that was applied after it. At most one is active, one pending.
//
// # Guarantees
//
//   - However many settle at once, a policy is settled once (TestSettlersRace), also if one
//     of them ends in the middle (TestSettlerEndsInTheMiddle). The last that is applied
//     ends in force, whatever happens at once (TestAppliersRace).
//   - The version of the rules changes with the policy, in one transaction
//     (TestSettlersRace), and with what is watched while one is active
//     (TestRulesFollowTheTable).
//   - One that is refused leaves the one before in force (TestRefusedLeavesTheOneBefore).
//   - Rules follow a table under other names, hold for what takes its place, and for one
//     that was restored from a dump (TestRulesFollowTheTable, TestRulesFollowADump).
//   - The columns of the tables are what the log has (TestTables).
//   - A role that serves settles policies, and can write none (TestRights).
//
// # Failures
//
// Settle returns an error if the database does not answer. A policy that is to blame is
// refused instead. State.Load always returns a policy; see policy.Load.
package store
