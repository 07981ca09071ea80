// Package hub fans the changes of the log out to sessions.
//
// # Overview
//
// One idea: a log and a cursor. For each tenant that somebody has joined and for
// each encoder there is a ring of the newest events as ready-made frames (package
// ring). A [session.Session] is one client, what all share is package room. A
// subscription is an index into a ring. Publish maps a change, encodes each event
// once and appends it (package stream). A few workers then walk the subscriptions
// of the tenant and hand every connection, in one non-blocking write, all it is
// behind. There is no queue, no goroutine and no timer for a connection that
// follows.
//
// A connection that does not take everything at once is blocked: a goroutine
// writes, waiting for the client, until the session is caught up again. What is
// older than a ring comes from the history. A subscription that resumes is served
// from there until its cursor is in the ring, and then spliced in. One that the
// ring has overrun, since its client is slower than the writers, falls back to
// that, at the pace of the client: a session has one piece of the history at a
// time, of pages that all share.
//
// # States
//
// A subscription is joining, then live, then gone. While it joins it waits for the tail
// to be live, for the head of the tenant or for the history. From live it goes back to
// joining when it is overrun. A session is free (the holder of its lock may write),
// busy (its goroutine writes), closing (only the close frame is left) or ended.
//
// The lock of a session is taken before that of a tenant. No other two locks are
// held together, but for leaves that guard one map or list.
//
// # Guarantees
//
//   - A client receives exactly the events after its cursor, in order, without gap
//     or repetition, from the ring, the history or both. A cursor may be inside a
//     change, or inside a bulk statement whose rows the client read one by one
//     (TestStreamsMatchModel, TestSpliceRaces, TestResumeAtEveryCursor,
//     TestResumeInsideABulkStatement).
//   - A client with a view, and of rows that are for somebody, receives what it may and
//     wants to see (TestStreamsMatchModel). Views that are alike decide once, whatever the
//     number of clients and encoders (TestViewsDecideOnce). Conditions of a policy are asked once for each role
//     (TestRolesDecideOnce).
//   - When the rules change, no change that is committed later is sent by the old ones.
//     Sessions whose view is another one are reset, each with a time to wait; the others
//     go on (conform: TestPolicyAndRowBackToBack, TestPolicy). A cursor of another view is
//     a reset, too (conform: TestPolicy, TestRecoveryUnderAPolicy).
//   - Joined comes before the events that follow it, and only while the tail
//     is live (TestJoinWaitsForTail, TestPublishWhileHeadIsRead). Every request to
//     join is answered (TestEveryJoinIsAnswered), and a bounded number of them
//     waits (TestWaitingJoinsAreBounded).
//   - A request to resume only joins where nothing is missed, and each
//     subscription has an encoder of its own (TestResumeOnlyJoin, TestEncoderOfSubscription).
//   - A crowd that resumes at once costs no read of the history while the rings
//     hold its cursors (TestReconnectStorm). Otherwise it costs one for each tenant
//     and cursor (TestCrowdSharesPages), also if a burst overran each of it at a
//     position of its own (TestOverrunCrowdSharesPages). Tenants, and subjects in
//     them, take turns to read (TestResumesOfOneDoNotStarveOthers).
//   - Frames never interleave on a connection (TestStreamsMatchModel).
//   - Once a connection that was blocked takes bytes again, nothing stays behind in
//     any of its tenants, also if nothing more is published (TestEndOfBurstArrives).
//   - Publish never waits for a client (TestPublishNeverWaitsForClient), and
//     the ring drops nothing that a client which reads was not offered
//     (TestBurstLargerThanRing).
//   - A client that is slower than the writers gets everything at its pace, and
//     those beside it do not wait (TestOverrunClientCatchesUp). What is kept for
//     it has a bound (TestOneTenantAtATime, TestCatchUpIsPacedByTheClient), and
//     its other tenants are not held up (TestCatchUpLeavesRoomForOthers).
//   - A change that cannot be read is sent without its row, at its position, and what
//     follows comes as usual (conform: TestUnreadable; unreadable: TestEventsOfOthers).
//   - A change of a tenant that nobody has joined is neither mapped nor
//     encoded (TestUnjoinedTenantCostsNothing).
//   - At most one dashboard event a second and tenant, the last one never
//     lost, also across a reconnect (TestDashboardCoalesces,
//     TestResumeGetsTheDashboardEvent).
//   - Joined clients receive one signal when the tail has not had everything for 5 s,
//     and their cursors when it is back. A quick reconnect sends nothing
//     (TestOutageIsReported).
//   - Times are counted by a clock that nobody sets: when the one on the wall steps,
//     no session ends, falls silent or lives longer for it (TestClockStepsForward,
//     TestClockStepsBack, TestDeadlineFarAway). The time that a machine is suspended
//     does not count.
//   - A session is ended once the check of its owner fails, also if the owner comes while
//     that is being decided (TestRefusedOwnersAreSentAway).
//   - Events are counted by name, sessions by transport and tenant, within bounds
//     (TestFiguresAreSplit, TestNamesAreBounded).
//   - A client that takes nothing is closed with slow-consumer (TestSlowConsumer,
//     TestStalledClient), and receives a reset before that if it keeps no cursor
//     (TestForgetfulClientIsSentAReset). One that takes little is not
//     (TestSlowClientResumes, TestLargeEventPasses, TestReaderOfAFullBufferStays),
//     nor is it for answering late (TestSlowReaderMayAnswerLate). Of one that never
//     answers it counts that it reads (TestClientThatOnlyAcknowledges). One that asks
//     without end and does not read is ended without grace (TestAnswersAreBounded).
//
// # Failures
//
// An unreadable history delays joins, which try again. A cursor that the history
// refuses is answered with Joined at the head and a Reset. What was overrun and is
// no longer in the history, with a Reset (TestOverrunPastRetention). A change that
// does not follow the one before it makes the hub drop the ring and serve its
// subscriptions from the history again. A broken connection ends its session.
package hub
