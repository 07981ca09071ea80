// Package service is the server: everything that rowcast serve runs, wired in the
// direction of the data.
//
// # Overview
//
// [New] checks the settings and the database, makes change log, tail, hub, transports
// and listeners, and [Service.Run] runs them. [Service.Problems] are the reasons not
// to be ready.
//
// # States
//
// A service is made, running, draining, ended. While it drains it is not ready, and
// it asks its clients to come back elsewhere.
//
// # Guarantees
//
//   - A database without Rowcast, or with the log of another one, is refused (rowcast:
//     TestServeRefusesADatabaseWithoutRowcast, TestDumpRestoredElsewhereIsRefused).
//   - It turns unready before it sends its clients away (rowcast:
//     TestDrainTurnsUnreadyFirst).
//   - /status answers without the database, too (rowcast:
//     TestStatusDoesNotWaitForTheDatabase).
//
// # Failures
//
// A database that cannot be reached may come up later; /readyz says so until then.
package service
