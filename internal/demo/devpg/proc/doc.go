// Package proc runs the programs of a private PostgreSQL server: as a user
// that PostgreSQL accepts, and not longer than this process lives.
//
// # Overview
//
// [Run] runs a program to its end, [Start] one that stays. For root both run as an
// [Account] without privileges, which needs a way to its files ([Account.CanEnter]). A
// [Lock], and the directory in which a process works ([RunsIn]), show which server
// belongs to which process.
//
// # Guarantees
//
//   - A child has a process group of its own, so Ctrl-C does not reach it (devpg:
//     TestServerHasItsOwnProcessGroup). Its environment does not change how PostgreSQL
//     behaves (TestEnvironmentIsPlain).
//   - On Linux a child ends with this process, even by SIGKILL (devpg:
//     TestServerDiesWithItsProcess), and not with one of its threads (devpg:
//     TestServerOutlivesTheCallersThread).
//   - Stop ends a child, by force if it must (TestStopEscalates).
//
// # Failures
//
// A program that fails is an error with the end of what it printed. On Windows
// nothing works, which [Supported] says.
package proc
