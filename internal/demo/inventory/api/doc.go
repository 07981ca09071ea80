// Package api is the HTTP API of the reference inventory application: what the
// pages of the demo read and write, as JSON.
//
// # Overview
//
// [New] makes the handler of everything below /api/. Its routes are in routes.go,
// their statements in query, one a file. What changes something is done by an
// [rowcast/internal/demo/inventory.Clerk], as the simulated shop does it. The API
// knows nothing of the feed and emits nothing: its writes are seen because they are
// in the database, as those of anybody else.
//
// Money is text with two decimals, a quantity is a number, a time is UTC with
// microseconds. Lists have the newest first.
//
// # Guarantees
//
//   - The tenant is the one of the token. What other tenants have does not exist:
//     it is not listed, and its ids are answered as unknown ones
//     (TestTenantsAreApart). A token that names no tenant, or several, is refused
//     (TestTokensAreChecked).
//   - A picker sees the orders and the stock of its warehouses, and no price of anything.
//     It may fulfil those orders; all else is refused, as it is for a role that the
//     application does not know (TestPicker).
//   - A write is one transaction. It makes exactly the changes that it stands for, and
//     the feed sends exactly their events (rowcast: TestWritesMakeTheirEvents). A write
//     that is refused makes none (TestConflicts).
//   - Of several who fulfil one order at once, one succeeds and the goods leave
//     once; stock never becomes negative (TestOrderIsFulfilledOnce,
//     TestStockNeverNegative).
//   - Input is read strictly: 64 KiB, one JSON object, no unknown field, no value
//     of another type, ids as uuids. A refusal says what is wanted
//     (TestWrongInput). Hostile text is stored and returned as it is
//     (TestHostileTextIsText).
//
// # Failures
//
// Refusals are problem documents of RFC 9457 with a code: bad-request,
// invalid-token, token-expired, forbidden, not-found, conflict, message-too-big.
// When the database does not answer within ten seconds, or cannot be reached, the
// code is unavailable (TestDatabaseIsAway) and trying again helps. Anything else is
// internal, and logged.
package api
