// Package web is the web side: the client for TypeScript with its React provider
// (client) and the inventory application on top of it (app). A handler serves its pages
// as they were built into dist; package client serves the client.
//
// # Overview
//
// The folder is one npm workspace with one lock. The client speaks the native
// WebSocket, and Server-Sent Events where that is blocked; its event types are
// written from the catalogue (package gen).
//
// [Handler] answers with one of the files of dist (package static), with index.html or
// with a refusal. There are no folders, so none can be listed.
//
// # Guarantees
//
//   - A path that looks like a page, with no dot in its last part, is answered
//     with index.html: the pages have addresses of their own
//     (TestPagesHaveAddresses). Any other unknown path is not found
//     (TestUnknownFilesAreNotFound), and no folder is listed
//     (TestFoldersAreNotListed).
//   - index.html is never stored, so that a new build is seen at once. What is
//     below assets/ has the hash of its content in its name and is kept for good.
//     Other files are asked for again, and sent only if they changed (TestCaching).
//   - Pages run no script and no style but those of their own origin, and stand
//     in no frame (TestPagesAreConfined). The built page has neither inline
//     (TestBuiltPageObeysItsPolicy).
//   - No file of the client or the application imports itself through others
//     (TestImportsGoOneWay).
//
// TestClient runs the tests of the client and of the application, which hold
// that
//
//   - every event after the cursor is delivered once and in order, whatever happens
//     to connections, or a reset comes (client/test/model.test.ts);
//   - a feed is in one of eight states, and every change of it goes through one
//     function without a clock or a network (client/test/machine.test.ts);
//   - connections come back as the server and the page want it, and tokens are
//     refreshed in time. No number keeps the machine busy, no step of the clock
//     ends a connection, and no handler harms another (client/test/feed.test.ts,
//     client/test/page.test.ts);
//   - a feed goes on over Server-Sent Events where WebSocket is blocked
//     (client/test/sse.test.ts);
//   - after a change of policy events go on at once, and the page loads when the server
//     wants it, once. A stream that is refused because of its cursor is a reset
//     (client/test/policy.test.ts);
//   - what goes wrong the first time is explained in words: no page, no function,
//     no tenant, another address, a foreign origin (client/test/first.test.ts);
//   - the parts of a page share one connection, which asks for what they want
//     together. Each gets the events of its filter since it came, once and in
//     order, whatever parts come and go beside it (client/test/share.test.ts);
//   - a filter of rows goes with every join. One that is refused closes the feed with the
//     words of the server, one that cannot be checked is asked for again
//     (client/test/where.test.ts);
//   - a list has the rows of its table at every moment, whatever comes between: writers whose
//     transactions overlap, loads that fail, cuts, resets and a database that was restored.
//     Mistakes that a client could make are found by the same test
//     (client/test/rows.model.test.ts). It reads rows no more often than it has to, and says
//     what is refused (client/test/rows.test.ts). Hooks share it
//     (client/test/rows.react.test.tsx);
//   - a SocketProvider has one connection under StrictMode and none after it
//     (client/test/react.test.tsx);
//   - hooks that want the same rows share one feed beside that of the page
//     (client/test/views.test.tsx);
//   - the client is small (client/test/size.test.ts);
//   - the pages show what events say, whatever made the change, also when they come
//     while a list is read. What events do not say is read again. No event of the
//     catalogue is left out, and no column that an event lacks is shown as a value (app/src/live/live.test.ts, app/src/live/rows.test.ts);
//   - pages leave out what a role does not see: a picker has no prices, and nothing stands
//     in their place (app/src/pages/picker.test.tsx);
//   - notifications are counted instead of piled up (app/src/toast/toasts.test.ts);
//   - the inspector keeps 50,000 events, stands still while it is paused and
//     loses nothing meanwhile; what it copies is quoted (app/src/feed/feed.test.ts).
//
// # Failures
//
// Handler fails if dist has no index.html. Refusals are problem documents.
// Without npm TestClient fails and says what to install (package npm); with
// -short it is skipped.
package web
