// Package inventory is the reference application of Rowcast: a small stock
// system for several tenants, on the schema in migrations/inventory.
//
// # Overview
//
// [Seed] fills a fresh database with two tenants and a few weeks of plausible
// business. [Shop] then keeps the business going: customers order, clerks pick
// and ship, goods are damaged, counted, reordered and received, each as one
// transaction of plain SQL by a session named "shop". [Clerk] is what can be done:
// the shop and the HTTP API of package api do business through it alone. None of
// them knows of Rowcast; they are writers as any other.
//
// # States
//
//	order           pending -> processing -> fulfilled, or cancelled before that
//	purchase order  draft -> sent -> confirmed -> received, or cancelled while sent
//
// An order may be fulfilled without having been in process, a purchase order
// received without having been confirmed. Stock leaves when an order is
// fulfilled and comes when a purchase order is received, as movements.
//
// # Guarantees
//
//   - Seed does nothing when the tenants exist, also when several processes
//     seed at once (TestSeedIsIdempotent, TestSeedAtOnce). The ids of tenants
//     and users are the same in every database (TestSeedIsStable).
//   - The movements of each sku add up to its quantity, after Seed
//     (TestSeedAddsUp) and while the shop runs (TestShopKeepsGoing).
//   - What a Clerk refuses has changed nothing, also if the transaction goes on
//     (TestClerkRefusesBeforeItWrites). Stock never becomes negative.
//   - The shop neither sells out nor piles up: stock stays within bounds, skus
//     run low now and then, closed orders beyond a few hundred are removed
//     (TestShopKeepsGoing, TestShopArchives). It breaks no constraint, also
//     beside other shops (TestSeveralShops) and when somebody else is faster
//     (TestShopYields).
//   - With the same Seed and the same data, a shop makes the same decisions
//     (TestShopIsRepeatable).
//
// # Failures
//
// A shop outlives its database: it reconnects with growing pauses until its
// context ends (TestShopSurvivesOutage). Every other error, such as a lock held
// by somebody for more than five seconds, is logged and handled the same way.
package inventory
