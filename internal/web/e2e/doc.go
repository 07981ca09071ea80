// Package e2e looks at what people see: the application and the example pages,
// in Chromium, on a real demo. It has tests alone.
//
// # Overview
//
// A test starts "rowcast demo", with a database of its own and nothing that writes by
// itself. It runs one of the programs in js on Node, which drives Chromium with
// playwright-core, writes with psql, and waits for what has to appear. Browsers reach
// the demo through a proxy, so that its address outlives it. Pictures of every page are
// kept in screenshots, which git ignores.
//
// # Guarantees
//
//   - A change that is made on one page is seen on the others, with its notification:
//     stock, orders, purchase orders (TestScenarios).
//   - The same change, made by psql, is seen in the same way (TestPsql).
//   - Nothing of a tenant reaches the browser of another (TestIsolation).
//   - Hostile text is shown as text (TestHostileText).
//   - After a kill and a restart of the server, pages that stayed open show all
//     that was written meanwhile, once (TestRestart).
//   - Parts of a page that come and go while psql writes share one connection. Each
//     receives what the history has for its filter meanwhile (TestParts).
//   - A client that asks for rows receives what enters and leaves them, on every
//     wire and in the history. The list of open orders shows it (TestWhere).
//   - No price, and nothing of another warehouse, is in a page, a frame or an answer of a
//     picker, whatever changes (TestPicker).
//   - At 5,000 events a second the feed page goes on drawing (TestStream, which
//     prints its longest frame; only a frame of seconds fails it).
//   - Every page satisfies axe-core in light and dark, and at 390 pixels, where
//     it does not scroll sideways either (TestLooks).
//   - The demo shows what the picture of the README does (TestPicture, which takes it
//     anew; demo.png in the folder above is a copy).
//   - An old page with socket.io-client and a plain one with EventSource follow
//     the feed, also over a restart (TestExamples).
//
// In all of these a page fails the test if it breaks its Content-Security-Policy. So
// does an error on its console that the test does not expect.
//
// # Failures
//
// Without Chromium, Node or npm the tests fail and say what to install; with
// -short they are skipped. A scenario that fails leaves a picture in screenshots.
package e2e
