// Package demo shows Rowcast at work on a machine that has nothing.
//
// # Overview
//
// [Run] starts a private PostgreSQL with the inventory schema (packages devpg and
// inventory), a simulated shop that writes to it, the service, and the pages of the
// application in front of it. It prints what to connect to.
//
// # Guarantees
//
//   - It ends with everything that it started, also while it starts
//     (TestInterruptedStart).
//   - It listens on this machine only, and on the next free port if one is taken
//     (TestDemo).
//
// # Failures
//
// It ends when PostgreSQL ends.
package demo
