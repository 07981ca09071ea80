package errcode

// load has what goes on in the database.
func load() []Entry {
	return []Entry{
		{
			Code: "notify-queue", Met: Doctor, Check: "queue of NOTIFY",
			What: "The queue of NOTIFY fills.", Why: "A session listens within a transaction that does not end; when the queue is full, every commit that notifies fails.",
			Do: "End the session that is named.",
		},
		{
			Code: "transaction-old", Met: Doctor, Check: "oldest transaction that has written",
			What: "A transaction has been writing for long.", Why: "Until it ends its changes are not sent, no segment of the log is closed, and VACUUM clears nothing newer.",
			Do: "Have it commit in smaller parts, or end the session.",
		},
		{
			Code: "prepared-old", Met: Doctor, Check: "prepared transactions",
			What: "A prepared transaction was forgotten.", Why: "Its coordinator died; no session holds it, and it outlives restarts.",
			Do: "Commit or roll it back by name.",
		},
		{
			Code: "idle-in-transaction", Met: Doctor, Check: "sessions idle in a transaction",
			What: "A session does nothing within a transaction.", Why: "An application keeps a transaction open while it waits for something else.",
			Do: "Set idle_in_transaction_session_timeout for the database, and correct the application.",
		},
		{
			Code: "seal-lag", Met: Doctor, Check: "changes without a sequence",
			What: "Committed changes are not sealed.", Why: "No server runs, or none can seal.", Do: "Start rowcast serve, and see seal-lock-held.",
		},
		{
			Code: "seal-lock-held", Met: Doctor, Check: "lock of the seal",
			What: "A session keeps the log from being sealed.", Why: "It holds the advisory lock of the seal and does not go on: it is frozen, or took it for itself.",
			Do: "End the session that is named.",
		},
		{
			Code: "lock-held", Met: Doctor, Check: "other advisory locks of the feed",
			What: "A session holds a lock of the servers.",
			Why:  "Any role that may connect can take them. Without a leader events come late and nothing is pruned; without the others nothing is pruned, migrated, or no server starts.",
			Do:   "End the session that is named.",
		},
		{
			Code: "no-server", Met: Doctor, Check: "servers on the feed",
			What: "Nobody follows the feed.", Why: "No rowcast serve runs on this database, or it cannot reach it.", Do: "Start rowcast serve.",
		},
		{
			Code: "retention-behind", Met: Doctor, Check: "retention",
			What: "The log keeps more than it should.", Why: "No server with this retention leads, or pruning fails; its log says why.",
			Do: "Run rowcast prune.",
		},
		{
			Code: "log-large", Met: Doctor, Check: "size of the log",
			What: "The log is large.", Why: "There are many changes within the retention, or pruning fails.",
			Do: "Lower ROWCAST_RETENTION, then run rowcast prune; exclude large columns with rowcast watch --exclude.",
		},
		{
			Code: "connections-scarce", Met: Doctor, Check: "connections that are left",
			What: "There are few connections left.", Why: "Applications hold most of what the server, the database or the role allows; a server needs up to 18.",
			Do: "Raise max_connections or the limit that is named, or put a pooler before the applications.",
		},
		{
			Code: "durability-off", Met: Doctor, Check: "fsync and full_page_writes",
			What: "A crash of the machine may destroy data.", Why: "fsync or full_page_writes is off; a feed cannot be safer than its database.",
			Do: "Turn both on.",
		},
		{
			Code: "commit-asynchronous", Met: Doctor, Check: "synchronous_commit",
			What: "Commits do not wait for the disk.", Why: "synchronous_commit is off; a crash may undo what an application took for done. What clients were sent stays, because a seal waits.",
			Do: "Set synchronous_commit = on, at least for what matters.",
		},
	}
}
