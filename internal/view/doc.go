// Package view says what of the events a subscription sees: by the client's wish, by whom a
// row is for, and by the policy.
//
// # Overview
//
// A [View] is a bound filter of package where and a viewer of package policy, see
// [View.For]. Subscriptions with equal ones have equal views, see [View.Key]. A [Change] is
// one change with its events while views look at it. It reads the rows once for all of
// them, and [Change.Events] adds the events of the policy. [View.Decide] decides once for a
// change. [Change.Parts] divides sessions by whom its rows are for, and [Change.See]
// returns what a part sees of an event.
//
// # Guarantees
//
//   - A row that enters a view comes whole and new, one that leaves it whole and old, both
//     without what changed (TestSee). A derived event comes if either side matches, a
//     statement or a change without rows always (TestSee).
//
//   - Where a view changes nothing, the event itself is seen. Otherwise all views that see
//     the same see one event (TestSeenEventsAreShared).
//
//   - To decide on a row that was read costs no allocation (TestDecideAllocatesNothing).
//
//   - A row for one subject is seen by that subject, and one with null by everybody. A row
//     that lacks the column or cannot be read is for nobody (TestAudience,
//     TestAudienceOfStatements).
//
//   - Under a policy an event has the rows and columns that the roles of the session give.
//     It has neither a value nor a name of what is withheld (TestPolicyOnEvents).
//
//   - The cursor of an event names the view that the policy gives; one that sees everything
//     is today's, and costs nothing more (conform: TestPolicy).
//
// # Failures
//
// There are none: a row that cannot be read passes as the change that cannot be read,
// unless rows of its table are for somebody.
package view
