// Package stream turns the changes of the log into one stream of frames for
// each tenant and encoder, and offers them to those who follow.
//
// # Overview
//
// [Streams] knows the tenants that somebody has attached to. Publish maps the
// changes of those, encodes each event once with each encoder in use and appends it
// to the ring of the tenant. A few workers then offer the ring to every [Follower].
// The coalesced dashboard event is an entry like any other.
//
// What the rings take is accounted. When it passes the budget, every tenant has a
// share from then on: the largest with which all fit, so that those who need
// little are not touched. Shares grow again when there is room.
//
// # States
//
// A [Stream] is loading until its head is known: the position as of the sequence
// in the log at which it began to collect changes. Then it is ready. It is
// dropped some time after the last release, and orphaned by Forget: an orphan
// still exists for those who hold it, but gets no more changes.
//
// A tenant is idle, queued for a worker, running, or running and to be queued
// again, so that one worker at a time has it.
//
// # Guarantees
//
//   - Publish waits for no follower (hub: TestPublishNeverWaitsForClient), only
//     for the workers, and only while the ring would otherwise drop what they
//     have not offered (hub: TestBurstLargerThanRing).
//   - A change of a tenant without a ring costs one look into a map (hub:
//     TestUnjoinedTenantCostsNothing, BenchmarkPublishNobodyJoined).
//   - At most one dashboard event a second and tenant, at once if the last one
//     is older, and none is lost (hub: TestDashboardCoalesces).
//   - The rings of all tenants stay within a budget, but for what the followers were not
//     offered yet and the newest entry of each (TestMemoryIsAccounted). It is shared
//     fairly (TestLevelIsFair; hub: TestBusyTenantsShareTheBudget, TestShareGrowsAgain).
//   - A row for one subject is offered to the followers that are this subject alone
//     (TestOneSubjectIsWoken).
//   - A change that was published before is left out; one that does not follow
//     is reported as a hole (hub: TestHoleIsFilledFromHistory).
//
// # Failures
//
// A head that cannot be read is read again while somebody waits for it.
package stream
