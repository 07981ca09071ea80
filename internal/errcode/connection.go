package errcode

// connection has what is wrong with the way to the database.
func connection() []Entry {
	return []Entry{
		{
			Code: "database-unreachable", Met: Command | Doctor, Check: "connection to the database",
			What: "The database cannot be reached.", Why: "The server is down, its address or the credentials are wrong, or a firewall is between.",
			Do: "See that psql \"$DATABASE_URL\" works from this machine.",
		},
		{
			Code: "listen-unreachable", Met: Doctor, Check: "direct connection for LISTEN",
			What: "The direct connection to the database fails.", Why: "LISTEN_DATABASE_URL, or DATABASE_URL without it, leads to no PostgreSQL.",
			Do: "Set LISTEN_DATABASE_URL to the address of PostgreSQL itself.",
		},
		{
			Code: "pooler", Met: Command | Doctor, Check: "no transaction pooler before LISTEN",
			What: "A transaction pooler is where a direct connection is needed.", Why: "It would deliver no notification, and leave locks behind on connections of others.",
			Do: "Set LISTEN_DATABASE_URL to the address of PostgreSQL itself; DATABASE_URL may go through the pooler.",
		},
		{
			Code: "different-databases", Met: Command | Doctor, Check: "both addresses lead to one database",
			What: "DATABASE_URL and LISTEN_DATABASE_URL lead to different databases.", Why: "They have to be two ways to the same one.",
			Do: "Correct one of them.",
		},
		{
			Code: "standby", Met: Command | Doctor, Check: "the server takes writes",
			What: "The database takes no writes.", Why: "It is a standby; a server has to seal, and a standby refuses LISTEN.",
			Do: "Connect to the primary: add target_session_attrs=read-write to the address.",
		},
		{
			Code: "server-old", Met: Doctor, Check: "version of PostgreSQL",
			What: "PostgreSQL is too old.", Why: "Rowcast needs version 14 or newer.", Do: "Upgrade PostgreSQL, then run rowcast migrate --new-feed.",
		},
		{
			Code: "listen-silent", Met: Doctor, Check: "LISTEN delivers",
			What: "A notification does not arrive.", Why: "Something between this machine and PostgreSQL swallows it, or the queue of NOTIFY is stuck.",
			Do: "Give LISTEN_DATABASE_URL a way without a pooler or proxy; until then set ROWCAST_NOTIFY=never.",
		},
		{
			Code: "clear-database", Met: Doctor, Check: "encryption of the connection",
			What: "The connection to the database is not encrypted.", Why: "It leads to another machine without TLS.",
			Do: "Add sslmode=verify-full to DATABASE_URL and LISTEN_DATABASE_URL.",
		},
		{
			Code: "clock-skew", Met: Doctor, Check: "clocks of this machine and of the database",
			What: "The clocks differ.", Why: "One of the machines does not keep time; tokens expire early or late, and figures of latency are wrong.",
			Do: "Have chrony or systemd-timesyncd run on both machines.",
		},
		{
			Code: "checks-unanswered", Met: Doctor, Check: "answers to these checks",
			What: "Checks were cut off.", Why: "The database did not answer in time, or a session was ended; of what those checks look for nothing is known.",
			Do: "Run rowcast doctor again, with a longer --timeout if the database is slow.",
		},
	}
}
