// Package websocket takes connections over from net/http and reads them, for
// servers that write ready-made frames themselves.
//
// # Overview
//
// gorilla/websocket shakes hands and reads. It never writes after the handshake:
// frames of a server need no mask, so they are the same for every client. The
// holder of the right to write appends them ([Open], [Seal], [AppendClose]) and
// writes them to the socket of the [Conn].
//
// # States
//
// A Conn is read by one goroutine (Read), until the connection ends or its
// [Handler] wants no more. Then Linger takes what is still on its way, so that
// the last frames reach the client.
//
// # Guarantees
//
//   - Nothing but the caller's frames follows the handshake
//     (ws: TestRawFrames).
//   - A connection that is silent costs the stack of one goroutine that waits,
//     and a small buffer: each message is read on another, which ends with it
//     (ws: BenchmarkIdleConnection).
//   - A message that never ends is given up, also if its frames carry nothing
//     (ws: TestRawFrames).
//   - A close frame of one byte is malformed, every registered code is taken
//     (TestFarewell; ws: TestRawFrames).
//   - A handshake of another version hears of the one that there is; one by HTTP/1.0 is
//     refused (TestHandshake; ws: TestOddHandshakes; engineio: TestRefusals).
//   - A frame is one piece of memory, whatever its length (TestSeal).
//
// # Failures
//
// [End] says why reading ended. Malformed frames are Malformed, those that are
// too long TooBig.
package websocket
