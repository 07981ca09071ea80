// Package transport holds what every transport shares: which requests come in, the
// commands of a client and what it may do. It has the JSON of the messages, the
// table of close codes, and the problem documents of refused requests.
//
// # Overview
//
// A [Gate] lets a request in, or says with a [Problem] why not; where the query says
// what is asked for, [ParseWant] reads it. A transport accepts a connection, then wraps
// it for the hub and opens a session. A [Client] then stands between the commands of
// the peer and the session: it checks tokens, lets the identity join only the tenants
// of its token, and watches its expiry.
//
// # States
//
// A Client is anonymous until Authenticate or Adopt, which it has to be within a
// deadline; from then on it has an identity. A fresh token of the same subject replaces
// the identity. One whose header was refused is anonymous, too, and learns why if it
// sends no token of its own. Package refusal counts and logs.
//
// # Guarantees
//
//   - A client joins only tenants of its token, and after a fresh token with
//     fewer tenants it is in no others (ws: TestTenantsComeFromTheToken,
//     TestFreshToken).
//   - Origins, tokens and tickets are checked in one place, in the same order and with
//     the same codes (TestGate). A query asks for one tenant of the token
//     (TestParseWant).
//   - Nothing in the query of a URL is ignored: a parameter that is not known, or is
//     there too often, is refused by name (TestParameters; sse: TestRequests; history:
//     TestRefusals; ws: TestRefusedHandshakes; server: TestRefusalsAreProblems).
//   - A token has one verdict on every transport, whatever its claims. A client whose
//     token ends far away stays (rowcast: TestTokensAreAlikeOnEveryTransport,
//     TestFarAwayEndsAreFarAway).
//   - A credential that is meant for somebody else, as a proxy adds it to the headers,
//     hides none of the client's own (TestGate; ws: TestForeignCredentials; rowcast:
//     TestForeignCredentialsOnEveryTransport).
//   - Each refusal is counted by code, and the log says why, for each kind once a minute
//     (TestRefusalsAreReported; rowcast: TestRefusalsAreReportedOnEveryTransport), with
//     nothing of a token (TestLogNeverHasTheToken).
//   - A client whose identity is revoked is sent away, on every transport (rowcast:
//     TestRevocationReachesEveryTransportOfEveryServer).
//   - A client sees what the roles and claims of its token give it, and after a fresh
//     token what those do (conform: TestPolicy, TestFreshTokenOfAnotherRole). What it may
//     not see does not exist for its filters either (conform: TestPolicy).
//   - Limits bound the connections of an address and of a subject, the handshakes of an
//     address, and the clients that have joined a tenant. A client beyond the limit
//     gets 429 or limit-exceeded. One that could not be let in takes no slot
//     (TestSlots, TestSlotIsGivenBack, TestTooManyRequestsOfAnAddress; rowcast:
//     TestLimitsOnEveryTransport). A proxy that nobody has named, so that its clients
//     look like one, is logged (TestUnnamedProxyIsReported).
//   - A client that joins again with another filter learns which is in effect (ws:
//     TestJoinedReportsTheFilter; socketio: TestJoinAndLeave).
//   - Every close code, and every error code that a session can end with, is in
//     one table (TestCloseTable).
//   - A refusal names the tenant whole, so that a client knows which request it answers
//     (TestRefusalsAreWhole; ws: TestLongTenantIsRefusedWhole; socketio:
//     TestLongTenantIsRefusedWhole).
//   - Messages are valid JSON whatever the strings (TestStringsRoundTrip,
//     FuzzCommand).
//
// # Failures
//
// A client receives a [Refusal], with a code of the table and a text that repeats
// nothing secret. Three malformed commands end the session.
package transport
