// Package demo shows Rowcast at work on a machine that has nothing.
//
// # Overview
//
// [Run] starts a private PostgreSQL with the inventory schema (packages devpg and
// inventory). It adds a simulated shop that writes, the service, and the pages of
// the application. policy.yaml says who sees what: a picker has the orders and the stock
// of its warehouses, without prices. It prints what to connect to.
//
// # Guarantees
//
//   - It ends with everything that it started, also while it starts (rowcast:
//     TestInterruptedStart).
//   - Its policy withholds all money from pickers, and everything from a role that it does
//     not name (TestPolicy). Data that is kept keeps its policy (TestPolicyOfKeptDataStays).
//   - It listens on this machine only, and on the next free port if one is taken
//     (rowcast: TestDemo).
//
// # Failures
//
// It ends when PostgreSQL ends.
package demo
