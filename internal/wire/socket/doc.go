// Package socket writes to a TCP connection without waiting, and waits for what
// it says without memory.
//
// # Overview
//
// A [Socket] wraps a net.Conn whose client may be slow or silent: TryWrite writes what
// the kernel takes at once, and AwaitRead waits with a small stack and no buffer.
// Hangup closes either after what was written has arrived, or at once.
//
// # Guarantees
//
//   - TryWrite never waits (TestTryWriteNeverWaits).
//   - The last bytes reach a client that reads, also when more of its own are
//     on their way (TestHangup).
//   - A client that reads slowly is distinct from one that does not read
//     (TestQueuedFallsWhileTheClientReads). A silent client is distinct from one that
//     has not been listened to (TestUnread).
//   - Of the first requests of two connections it is known which came first
//     (TestOrder).
//
// # Failures
//
// Errors are those of the connection. One that has no file descriptor takes
// nothing from TryWrite; Write works.
package socket
