// Package notify listens for the notifications by which writers and servers wake
// each other.
//
// # Overview
//
// A [Listener] listens on a connection of its own, which pgxlisten makes anew when it
// is lost. What arrives is only a hint: anybody can notify, and a notification may be lost.
// The owner reads the log on another connection, and calls [Listener.Prove] there now
// and then.
//
// # Guarantees
//
//   - A forged message does no more than a true one (changelog:
//     TestForgedNotificationsAreHarmless, TestForgeriesOfAPlainRoleAreIgnored).
//   - The tokens of channels wait: a flood costs its reader one look (changelog:
//     TestFloodOfNotificationsIsBounded).
//   - While nothing changes it writes nothing (rowcast: TestIdleServersWriteNothing).
//
// # Failures
//
// A connection that is dead without a sign, and one on which LISTEN has ended, is
// found by a question (changelog: TestSilentConnectionIsNoticed, TestLostListenIsNoticed). One
// that loses notifications is found by the first change that comes without one
// (changelog: TestSwallowedNotificationsAreNoticed). Each is replaced; [Listener.Listening] says no
// meanwhile.
package notify
