// Package mapping turns committed changes into the events that clients
// receive. It is pure: no I/O, no clock, no state.
//
// # Overview
//
// [Append] applies the catalogue to one sealed change and appends its events. The
// catalogue is one table of rules, see [Catalogue]: a stem, an operation, a
// condition on the columns, an event name and the shape of its data. The rules
// belong to the stem of the event names, which the watch entry of a table gives
// (Change.Name). So watching shop_orders under the name "order" brings the
// catalogue of orders. A stem without rules of its own gets created, updated,
// deleted, bulk, truncated, replayed and unreadable events.
//
// A bulk statement makes one event whatever its operation. Every change makes at least
// one event, also where the wire contract names none, such as an update of a sku that
// is not low. Else positions would have holes for a client without a filter.
//
// [DashboardReason] says whether a change counts for the coalesced
// dashboard:stats-updated event, which [DashboardEvent] builds. A [Filter]
// chooses events by name.
//
// Rows stay text: a scanner finds the top-level fields of the JSON object. The
// differences of an update, the columns of derived events and the treatment of numbers
// work on these spans.
//
// # Guarantees
//
//   - The catalogue is the wire contract (TestCatalogueIsTheContract), and
//     every event of it has a recorded example (TestGolden).
//   - The events of one change come in the order of the catalogue, and only
//     the cursor of the last one is past the change (TestCursors).
//   - What the old row of an update lacks is as in the new row
//     (TestOldRowLacksWhatIsInTheNew). If no column looks different, the update is
//     an event all the same, with nothing changed (TestUpdateThatLooksTheSame).
//   - A replay makes one event, whatever the row would make if it changed, and
//     no dashboard reason (TestReplayMakesOneEvent).
//   - Changed and Previous are the columns whose JSON text differs, in the
//     order of the table (TestDifferencesAgreeWithEncodingJSON).
//   - A table that lacks the columns of a rule loses the events that need
//     them, never more (TestMissingColumns).
//   - A row without long numbers is not copied, and an insert costs no more
//     allocations than its events need (TestAllocations).
//   - A change that cannot be read is one event, and passes every filter that one of
//     the events passes which it may have made (TestUnreadableChange,
//     TestUnreadablePassesFilters).
//
// # Failures
//
// Append cannot fail. A change whose row is missing or no JSON object, which
// PostgreSQL does not produce, is sent as unreadable (TestMalformedRowIsUnreadable).
// [ParseFilter] names the pattern that it refuses, and why.
package mapping
