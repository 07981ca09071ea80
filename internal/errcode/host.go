package errcode

// host has what is wrong with the settings and the machine of the server.
func host() []Entry {
	return []Entry{
		{
			Code: "files-few", Met: Doctor, Check: "files that the process may open",
			What: "The process may open few files.", Why: "Each client is an open file; beyond the limit nobody can connect.",
			Do: "Raise the limit: LimitNOFILE=65536 in the unit of systemd, or ulimit -n 65536.",
		},
		{
			Code: "keys-missing", Met: Doctor, Check: "keys to verify tokens",
			What: "There is nothing to verify tokens with.", Why: "None of JWT_SECRET, JWT_PUBLIC_KEY_FILE and JWKS_URL is set.",
			Do: "Set JWT_SECRET, JWT_PUBLIC_KEY_FILE or JWKS_URL.",
		},
		{
			Code: "weak-secret", Met: Doctor, Check: "strength of JWT_SECRET",
			What: "JWT_SECRET can be guessed.", Why: "It is shorter than 32 bytes, or repeats few characters; an attacker with one token can try secrets at leisure.",
			Do: "Set one of at least 32 random bytes: openssl rand -base64 48.",
		},
		{
			Code: "key-file", Met: Doctor, Check: "JWT_PUBLIC_KEY_FILE",
			What: "The key file is of no use, or soon will not be.", Why: "It cannot be read, holds no usable public key, or its certificate has expired or is about to.",
			Do: "Put the current public key of the issuer there, as printed by openssl pkey -pubout.",
		},
		{
			Code: "key-set", Met: Doctor, Check: "JWKS_URL",
			What: "The key set of the issuer cannot be used.", Why: "It cannot be fetched from here, or holds no key that verifies tokens.",
			Do: "See that curl \"$JWKS_URL\" works from this machine and lists keys with kid and use sig.",
		},
		{
			Code: "clear-origin", Met: Doctor, Check: "allowed browser origins",
			What: "An allowed origin is not secure.", Why: "A page that came over http could have been changed on the way, and then speaks for its user.",
			Do: "List the origin with https in FRONTEND_URL or ORIGIN.",
		},
		{
			Code: "public-admin", Met: Doctor, Check: "listener for operators",
			What: "The listener for operators is open to other machines.", Why: "ADMIN_ADDR is not on the loopback; metrics, profiles and the names of tenants are there for everybody who can connect.",
			Do: "Set ADMIN_ADDR=127.0.0.1:9090, or have a firewall let the probes and Prometheus in alone.",
		},
		{
			Code: "server-unready", Met: Doctor, Check: "readiness of the server here",
			What: "The server on this machine is not ready.", Why: "/readyz gives the reasons.", Do: "See the reasons, by their codes.",
		},
		{
			Code: "proxy-unnamed", Met: Doctor, Check: "proxies before the server here",
			What: "A proxy forwards requests and is not named.", Why: "Its clients look like one, so the limits per address do not hold. A client may also have made the header up.",
			Do: "Name the proxy in ROWCAST_TRUSTED_PROXIES if it is yours.",
		},
		{
			Code: "changes-unreadable", Met: Doctor, Check: "changes that the server here sent without their rows",
			What: "Changes were sent without their rows.", Why: "What the log holds of them could not be read, mapped or encoded, or is too large; clients got unreadable events at their positions.",
			Do: "See the log of the server and unreadable in /status, which name each with the reason. Of size: exclude wide columns, or keep large documents elsewhere. Of decoding: look for damage, with pg_amcheck. Of mapping and encoding: report it with the detail.",
		},
	}
}
