// Package doorbell hears the notifications by which writers and servers wake each
// other.
//
// # Overview
//
// A [Bell] listens on a connection of its own, which pgxlisten makes anew when it
// is lost. What arrives is only a hint: anybody can ring, and a ring may be lost.
// The owner reads the log on another connection, and calls [Bell.Prove] there now
// and then.
//
// # Guarantees
//
//   - A forged message does no more than a ring (TestForgedRingsAreHarmless,
//     TestForgeriesOfAPlainRoleAreIgnored).
//   - The tokens of channels wait: a flood costs its reader one look
//     (TestFloodOfRingsIsBounded).
//   - While nothing changes it writes nothing (TestIdleServersWriteNothing).
//
// # Failures
//
// A connection that is dead without a sign, and one on which LISTEN has ended, is
// found by a question (TestSilentConnectionIsNoticed, TestLostListenIsNoticed). One
// that swallows notifications is found by the first change that nobody rang for
// (TestSwallowedRingsAreNoticed). Each is replaced; [Bell.Listening] says no
// meanwhile.
package doorbell
