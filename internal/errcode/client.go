package errcode

// client has the codes that clients and operators of the listeners meet.
func client() []Entry {
	return []Entry{
		{
			Code: "gone", Met: Client, What: "The client has left.", Why: "It closed the connection, or the network cut it.",
			Do: "Nothing; a client that wants more connects again with its cursor.",
		},
		{
			Code: "shutdown", Met: Client | Ready, What: "The server is shutting down.",
			Why: "It was asked to end; clients are spread over time by the hint in the reason.",
			Do:  "Connect again after the hint, with the cursor; another server continues.",
		},
		{
			Code: "slow-consumer", Met: Client, What: "The client does not take its events.",
			Why: "It took nothing of what waits for it for 10 s.",
			Do:  "Connect again with the cursor, and read; without a cursor load the state again.",
		},
		{
			Code: "no-pong", Met: Client, What: "The client did not answer the heartbeat.",
			Why: "The network or the client stands still, or a proxy ends idle connections.",
			Do:  "Connect again with the cursor; give proxies a timeout above ROWCAST_PING_INTERVAL and ROWCAST_PING_TIMEOUT together.",
		},
		{
			Code: "token-expired", Met: Client, What: "The token has expired.", Why: "Its exp has passed, and no fresh one was sent.",
			Do: "Get a fresh token from the issuer; send it with auth when token-expiring comes.",
		},
		{
			Code: "rate-limited", Met: Client, What: "There were too many requests.", Why: "A connection, an address, a subject or a tenant asked for more than its share.",
			Do: "Wait for Retry-After, or a moment, and send less at once.",
		},
		{
			Code: "bad-request", Met: Client, What: "The request cannot be understood.", Why: "It is malformed, not of this protocol, or its filter names what there is not.",
			Do: "Correct what the detail names; the same request is refused again.",
		},
		{
			Code: "not-found", Met: Client, What: "There is nothing at this path.", Why: "The path is misspelt, or a proxy changes it.",
			Do: "Correct the path; the feed is at /ws, /socket.io/, /events, /history and /rows, tickets at /tickets.",
		},
		{
			Code: "conflict", Met: Client | Command, What: "The request does not fit the state.", Why: "Somebody was faster, or what is asked for is not there any more.",
			Do: "Load the state again and decide anew.",
		},
		{
			Code: "internal", Met: Client, What: "The server made a mistake.", Why: "Its log says what failed.",
			Do: "Try again later; report it with the time.",
		},
		{
			Code: "invalid-token", Met: Client, What: "The token is not valid.",
			Why: "It is missing, malformed, forged, or meant for another service.",
			Do:  "Get a token of the issuer that the server trusts; the log of the server says why, and rowcast token check explains the token.",
		},
		{
			Code: "forbidden", Met: Client, What: "The token does not allow this.", Why: "It does not name the tenant, or the page is of an origin that is not allowed.",
			Do: "Ask the issuer for a token with the tenant; add the origin of the page to FRONTEND_URL.",
		},
		{
			Code: "auth-timeout", Met: Client, What: "No token came in time.", Why: "A client has 10 s to authenticate.",
			Do: "Send the token with the request, or auth as the first message.",
		},
		{
			Code: "limit-exceeded", Met: Client | Command, What: "The client has as much as it may have.", Why: "A connection may join 128 tenants, and a tenant may have 1,024 different filters of rows. GET /rows gives 100,000 rows and 64 MiB, within 30 s.",
			Do: "Leave a tenant first, use another connection, or a filter that is in use. Ask for fewer rows with where.",
		},
		{
			Code: "not-readable", Met: Client | Doctor, Check: "opened tables can be read",
			What: "Rows of the table cannot be read.",
			Why:  "Nobody has opened it for clients that begin. Or the server lacks a right, as for a column that was added since. Or the table has row security, and no policy covers it.",
			Do:   "Run rowcast watch <table> --readable as the owner of the table; rowcast doctor and the log of the server say what is missing.",
		},
		{
			Code: "unknown-tenant", Met: Client, What: "Nobody has heard of the tenant.",
			Why: "rowcast.cursor was asked for it before anybody joined it and before a change of it; a truncate would not be handed to it.",
			Do:  "Run select rowcast.know('<tenant>') and commit it, then begin the transaction again.",
		},
		{
			Code: "revoked", Met: Client, What: "The token was revoked.", Why: "Somebody ended the access of its subject, tenant or token.",
			Do: "Sign in again.",
		},
		{
			Code: "message-too-big", Met: Client, What: "The message is too big.", Why: "A message of a client may have 64 KiB.",
			Do: "Send less at once.",
		},
		{
			Code: "protocol-error", Met: Client, What: "The bytes are no WebSocket frames.", Why: "A client or a proxy breaks RFC 6455.",
			Do: "Use a WebSocket library; have the proxy pass the connection on unchanged.",
		},
		{
			Code: "invalid-text", Met: Client, What: "A text message is not UTF-8.", Why: "The client sent bytes as text.",
			Do: "Send JSON in UTF-8.",
		},
		{
			Code: "unavailable", Met: Client, What: "The server cannot answer now.", Why: "The database does not answer, all readers are busy, or the key of the token is not known yet.",
			Do: "Try again after Retry-After, or a moment.",
		},
		{
			Code: "stale", Met: Client, What: "Events are late.", Why: "The server has not had the newest changes for 5 s; none is lost.",
			Do: "Nothing, or connect to another server with the cursor; progress says when it has caught up.",
		},
		{
			Code: "expired", Met: Client | Command, What: "The cursor is older than what is kept.", Why: "The changes after it were pruned.",
			Do: "Reload the state, then continue from the new cursor; raise ROWCAST_RETENTION if clients are away for longer.",
		},
		{
			Code: "diverged", Met: Client | Command, What: "The cursor belongs to another history.", Why: "The database was restored, or a new feed was begun.",
			Do: "Reload the state, then continue from the new cursor.",
		},
		{
			Code: "invalid", Met: Client | Command, What: "The text is no cursor.", Why: "It was cut, changed or made up.",
			Do: "Reload the state; keep cursors as they come.",
		},
		{
			Code: "tail-not-live", Met: Ready, What: "The server does not follow the change log.", Why: "The database cannot be reached, or somebody holds the seal lock.",
			Do: "See the detail, and rowcast doctor; the server tries again by itself.",
		},
		{
			Code: "tail-stale", Met: Ready, What: "The server has not read the change log for a while.", Why: "The database does not answer.",
			Do: "See the detail, and rowcast doctor; the server catches up by itself.",
		},
		{
			Code: "triggers-unchecked", Met: Ready, What: "The server has just begun, and has not looked at the triggers.", Why: "The first look takes a moment.",
			Do: "Wait; a server whose look fails is ready all the same, and says so in its log.",
		},
		{
			Code: "no-keys", Met: Ready, What: "There are no keys to verify tokens with.", Why: "The key set of the issuer was never loaded.",
			Do: "See that JWKS_URL can be reached from the server; it is tried again each 10 s.",
		},
	}
}
