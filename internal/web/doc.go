// Package web is the web side: the client for TypeScript with its React
// provider (client), and what is built with it.
//
// # Overview
//
// The folder is one npm workspace with one lock. The client speaks the native
// WebSocket, and Server-Sent Events where that is blocked; its event types are
// written from the catalogue (package gen).
//
// # Guarantees
//
// TestClient runs the tests of the client, which hold that
//
//   - every event after the cursor is delivered once and in order, whatever
//     happens to connections, or a reset is told (client/test/model.test.ts);
//   - connections come back as the server and the page want it, tokens are
//     refreshed in time, and what handlers do harms nobody
//     (client/test/feed.test.ts, client/test/page.test.ts);
//   - a feed goes on over Server-Sent Events where WebSocket is blocked
//     (client/test/sse.test.ts);
//   - a SocketProvider has one connection under StrictMode and none after it
//     (client/test/react.test.tsx);
//   - the client is small (client/test/size.test.ts).
//
// # Failures
//
// Without npm the test fails and says what to install; with -short it is
// skipped.
package web
