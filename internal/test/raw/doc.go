// Package raw has clients that tests drive message by message.
//
// # Overview
//
// [Feed] speaks the WebSocket of Rowcast, [Packets] carries the messages of
// Socket.IO and Engine.IO over a WebSocket, and [Events] reads Server-Sent Events.
// [Valve] and [Allowance] make connections of clients that read slowly, or not at
// all. [Reset] cuts any of them. [Pipes] is a network in memory for tests in fake
// time. [Do] makes a plain request, [Problem] reads how one was refused.
//
// # Guarantees
//
//   - A feed answers pings and returns every other message as it arrived
//     (TestFeedAnswersPings).
//   - Events are read as the standard has them; an end within an event is an error
//     (TestEventsAreReadAsTheStandardHasThem).
//   - Nothing is read through a valve that is shut, and no more through an
//     allowance than it allows, but for one read (TestThrottledReader).
//
// # Failures
//
// A wait that takes longer than [Timeout] is an error. Errors of a connection are
// returned as they are.
package raw
