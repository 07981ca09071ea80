// Package room is what the sessions of a hub share.
//
// # Overview
//
// A [Room] has the streams of the tenants, the pages of the history, the turns of
// reading it, the clock and the counters. It knows nothing of sessions.
//
// # Guarantees
//
//   - Tenants, and subjects in them, take turns to read the history (hub:
//     TestResumesOfOneDoNotStarveOthers).
//   - Events are counted by name, sessions by transport and tenant, within bounds (hub:
//     TestFiguresAreSplit, TestNamesAreBounded).
//   - Times are counted by a clock that nobody sets (hub: TestClockStepsForward,
//     TestClockStepsBack, TestDeadlineFarAway).
//
// # Failures
//
// A history that cannot be read is an error of the one who asked.
package room
