// Package limit bounds what one address, one subject and one tenant may have:
// connections at once, requests in a time, and turns of what all of them share.
//
// # Overview
//
// [Quota] counts what is held at once by key, [Rates] what was done lately. [Turns]
// is a queue for what is scarce. [Addresses] says which client a request comes from.
//
// # Guarantees
//
//   - A key has at most as many as are allowed, however many goroutines take and
//     leave at once. A key that holds none costs nothing (TestQuota).
//   - A client may do a burst at once and then as much as comes back in time, and
//     learns when to try again (TestRates).
//   - While a tenant waits for a turn every other tenant has at most one, and the same
//     holds among the subjects of a tenant. A subject has its own in order
//     (TestTurnsAreFair). No turn is free while a party waits that may have it, and
//     nobody holds or waits for more than the bounds (TestTurnsAreBounded).
//   - A flood from any number of addresses does not grow the table of rates over
//     its bound (TestRatesAreBounded).
//   - The address is the one that connected. A trusted proxy names its client. Of
//     several hops, the last one that is not trusted is the client (TestAddress).
//     The hosts of one IPv6 network count as one client.
//
// # Failures
//
// A table that is full forgets those who have been quiet longest. They may do a
// burst again.
package limit
