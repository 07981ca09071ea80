// Package history is the transport for what has been: GET /history, the events
// of one tenant after a cursor, page by page, as JSON.
//
// # Overview
//
// [Handler] checks the request and reads the change log of the database, not the rings
// of the hub. The source has every row, also of statements that are one bulk event on
// the other transports. The events are the objects of the WebSocket. The coalesced
// event of the dashboard, which stands for no change of its own, is not among them.
//
// # States
//
// A request waits for its turn to have an answer. It reads, each time when it is its
// turn, and then holds the answer until the client has taken it.
//
// # Guarantees
//
//   - Page after page gives every event of the tenant once, in order, wherever
//     the pages end, and as one large page would (TestPagesAreTheWhole,
//     TestBulkRowByRow).
//
//   - The cursor of a page, and of each event in it, continues on every
//     transport (TestCursorsContinueOnTheHub, TestCursorsContinueInABulkChange).
//
//   - "more" is false only if there was nothing after the page when it was read,
//     also with a filter. The cursor moves on over what the filter leaves out
//     (TestFilterMovesOn).
//
//   - A change that cannot be read is an event without its row, at its position, and the
//     pages go on (conform: TestUnreadable).
//
//   - A request reads a bounded part of the log and holds a bounded answer, plus
//     one row (TestBoundedWork).
//
//   - A few requests read at once, so that clients that resume have the rest of
//     the connections; others wait and are then refused (TestTakesTurns).
//
//   - Tenants, and subjects in them, take turns, read by read: whatever one asks for,
//     another is served after one read of each of those who wait
//     (TestOneDoesNotStarveOthers, TestManyTenantsTakeTurns). A page whose next read
//     has to wait for long ends before it (TestPageEndsWhenOthersTakeTurns). Nobody
//     keeps answers from others by not taking his own (TestAnswersAreShared).
//
//   - A subject asks for so many pages in a time, and has so many requests that
//     wait, as does a tenant. Then it has to wait (TestPagesOfASubjectAreCounted,
//     TestOneDoesNotStarveOthers).
//
//   - Without a cursor it begins at the oldest change that is kept, also while
//     the log is pruned (TestOldestWhilePruned).
//
//   - A page shows what the token may see by the policy that was in force when it was
//     read, or a newer one (conform: TestPolicy).
//
// # Failures
//
// A cursor that cannot continue is 410 with the code expired, diverged or policy: reload
// the state. A client that asks for more than its share gets 429 with the code
// rate-limited. On a server that is too busy, or whose database does not answer,
// everybody gets 503 with the code unavailable. Both have Retry-After.
package history
