// Package tenant knows how the database writes tenants, so that one tenant has one
// name, however it is written.
//
// # Overview
//
// A tenant is sent to clients as the text of its column. To PostgreSQL "AC3E0000-…"
// and "ac3e0000-…" are one uuid, and "042" and "42" one integer, but as texts they
// differ: a client that asks for the one would never receive the other. [Columns]
// are the types of the tenant columns of the watched tables. [Columns.Canonical]
// gives the text that the database writes, and [Columns.Doubt] says when a tenant
// may be meant that no row can have. A [Watcher] asks the database for the types,
// and brings the tenants of tokens and tickets to that form. It also knows the
// stems of the events of those tables, so that a client that asks for another gets
// a hint (cmd/rowcast: TestUnknownStemsAreReported).
//
// # States
//
// A Watcher knows nothing until the database has answered once. Until then tokens are
// refused as not to be checked at the moment.
//
// # Guarantees
//
//   - If every tenant column is a uuid, or every one an integer, equal values have
//     one canonical text: that of the database
//     (TestCanonicalIsWhatTheDatabaseWrites). Other texts stay as they are.
//   - Where columns are of several kinds tenants are compared as text, and a spelling
//     that may be another tenant's is doubted (TestDoubt).
//   - Tokens, joins, queries and revocations name the same tenant, on every wire, and
//     answers carry its canonical name (rowcast: TestTenantsHaveOneName).
//   - Another table that is watched changes what is known within 10 s
//     (TestWatcherFollowsTheTables).
//
// # Failures
//
// A database that does not answer is logged when that begins and when it ends.
// Meanwhile what is known holds. Clients that joined before the types changed keep
// the name that they joined under.
package tenant
