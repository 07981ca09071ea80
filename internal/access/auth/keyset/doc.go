// Package keyset keeps the public keys that a token issuer publishes as a JSON Web
// Key Set.
//
// # Overview
//
// A [Set] holds the keys of the newest answer. [Set.Run] fetches the set every five
// minutes, and a token whose key is unknown has it fetched at once.
//
// # States
//
// Empty until the first answer, then loaded for good: when the issuer cannot be
// reached, the keys last seen stay. Fetches are then tried every ten seconds.
//
// # Guarantees
//
//   - A new key is good at most ten seconds after its first token arrives, whatever
//     strangers send. Until then its tokens are refused for now, not for good
//     (TestRotatedKeyIsFound, TestStrangersTurnNobodyAway).
//   - A key is said not to exist only by a fetch that began after the token came
//     (TestUnknownIsSaidOfNow).
//   - There is at most one fetch in ten seconds, whatever tokens say
//     (TestUnknownKeysDoNotFloodTheIssuer, TestRunRefreshes).
//   - A key that is withdrawn is refused after the next fetch, at most five minutes
//     later (TestWithdrawnKeyIsRefused). A set without a usable key withdraws none:
//     it is a fault of the issuer (TestEmptySetReplacesNothing).
//   - A token that names no key is good by whichever key of the set signed it, on the
//     same terms (TestKeyIsFoundWithoutItsName, TestNamelessKeys).
//   - Redirects, answers over 1 MiB, plain http to other machines, and keys that are
//     symmetric, weak or not for signatures are refused
//     (TestFetchRefuses, TestNewRefusesUnsafeAddresses, TestUnfitKeysAreLeftOut).
//   - No error and no line of the log shows the user or the query of an address
//     (TestErrorsHideTheAddress).
//
// # Failures
//
// [ErrUnavailable] means that a token has a key that only a newer set could have,
// which cannot be fetched, or not yet. A later try helps. Each change between reachable and unreachable is logged once.
package keyset
