// Package child runs parts of a benchmark in processes of their own, so that
// what the clients use is not counted against the server.
//
// # Overview
//
// [Start] runs a program whose main calls [Serve], and [Child.Call] calls the
// services that it offers, as JSON-RPC over the standard streams. Every child
// has the service Process ([Process]), which tells what the process uses.
//
// # States
//
// A child runs until [Child.Close], which closes its standard input. It is killed
// when it does not end by itself, or when the context of Start ends.
//
// # Guarantees
//
//   - A call answers what the service in the other process answers, errors
//     included (TestCall).
//   - A child ends when its parent is gone, since its standard input ends
//     (TestServeEndsWithItsInput), and is waited for (TestClose).
//   - An interrupt from the terminal reaches the parent only, which decides
//     (TestCall runs the child in a process group of its own).
//
// # Failures
//
// A child that dies answers calls with an error that holds the end of what it
// wrote to its standard error (TestDeathIsExplained).
package child
