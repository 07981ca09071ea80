// Package limit bounds what one address and one subject may have: connections
// at once, and handshakes in a time.
//
// # Overview
//
// [Places] counts what is held at once by key, [Rates] what was done lately.
// [Addresses] says which client a request comes from.
//
// # Guarantees
//
//   - A key has at most as many places as are allowed, whoever takes and leaves
//     them at once, and a key that holds none costs nothing (TestPlaces).
//   - A client may do a burst at once and then as much as comes back in time, and
//     is told when to try again (TestRates).
//   - A flood from any number of addresses does not grow the table of rates over
//     its bound (TestRatesAreBounded).
//   - The address is the one that connected; only a proxy that is trusted is
//     believed who its client is, and only as far as the last hop that is not
//     (TestAddress). The hosts of one IPv6 network count as one client.
//
// # Failures
//
// A table that is full forgets those who have been quiet longest. They may do a
// burst again.
package limit
