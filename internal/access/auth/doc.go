// Package auth says who a request speaks for.
//
// # Overview
//
// A [Verifier] turns a token into an [Identity]. It has a secret, a key file, the key
// set of an issuer (package keyset), or several of them. [BearerTokens] finds the
// tokens in a request. [Tickets] trade a token for a single-use text that may stand in
// a URL. [Mint] makes tokens for development.
//
// # Guarantees
//
//   - The algorithm decides which keys are tried, and a key is only ever used with
//     algorithms of its own family; "none" is never accepted (TestForgedTokens).
//   - A token is refused for a claim that is used and cannot be read, and never for
//     another. What it gives is what its claims say (TestAnyClaims, TestClaims).
//   - A token gives the tenants that it names and no others (TestTenants), by the
//     claims that the settings name, of whatever issuer (TestTokensOfIssuers,
//     TestClaimNames, TestGuideNamesTheClaims).
//   - Expiry has no leeway. A token that begins in a moment is refused for now, with
//     ErrUnavailable and the time to Wait (TestClock).
//   - A token that names no key is tried with eight keys at most, of those for its
//     algorithm (TestTokenWithoutKeyID).
//   - Until the signature has proved good, every refusal for good has the same public
//     text, and no text repeats a part of the token (TestForgedTokens).
//   - A token whose key the issuer may just have published is refused for now, with
//     ErrUnavailable, never for good (TestRotationTurnsNobodyAway, and on every wire
//     cmd/rowcast: TestUnknownKeyOnEveryTransport).
//   - A token over 8 KiB costs nothing (TestLongTokensAreNotParsed).
//   - A ticket is good once, for thirty seconds at most, and never longer than the
//     identity it stands for (TestTicketLife, TestTicketIsGoodOnce). There is a bounded
//     number of them, shared fairly by tenants and subjects (TestTicketsAreBounded,
//     TestTicketsAreShared).
//
// # Failures
//
// Errors are ErrInvalid, ErrExpired, ErrRevoked, ErrUnavailable, ErrNoToken,
// ErrTokenInQuery and ErrTooManyTickets; after ErrExpired a fresh token helps, after
// ErrUnavailable and ErrTooManyTickets a later try. Their full text is for logs,
// [PublicText] is for clients.
package auth
