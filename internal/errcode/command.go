package errcode

// The codes that code refers to.
const (
	Unexpected Code = "unexpected"
	Usage      Code = "usage"
)

// command has what commands end with beside what doctor looks for.
func command() []Entry {
	return []Entry{
		{
			Code: Usage, Met: Command, What: "The command was called wrongly.", Why: "A word, flag or value is not one that it takes.",
			Do: "Correct what the message names; rowcast help shows each command with examples.",
		},
		{
			Code: "bad-setting", Met: Command, What: "A setting has a value that is not accepted.", Why: "An environment variable or a flag is wrong or unknown.",
			Do: "Correct what the message names; rowcast config print shows where each value comes from.",
		},
		{
			Code: "no-postgres", Met: Command, What: "There is no PostgreSQL on this machine.", Why: "What starts a private server needs initdb and postgres, of version 14 or newer.",
			Do: "Install it, on Debian and Ubuntu with: apt install postgresql. In the repository .ci/setup demo does that.",
		},
		{
			Code: "private-postgres", Met: Command, What: "The private PostgreSQL server does not run.",
			Why: "Its directory or its programs cannot be used, or it ended; the message has the end of its log.",
			Do:  "Correct what the message names. Without --keep the data has a directory of its own; without ROWCAST_PG_BINDIR the programs are looked for.",
		},
		{
			Code: "database-refused", Met: Command, What: "The database refuses the connection.", Why: "There is no such user, password or database.",
			Do: "Correct DATABASE_URL, or have the database and the role created.",
		},
		{
			Code: "address-in-use", Met: Command, What: "The port is taken.", Why: "Another program, or another rowcast serve, listens there.",
			Do: "Choose another with ADDR or ADMIN_ADDR, or end the other program.",
		},
		{
			Code: "address-unusable", Met: Command, What: "The address cannot be listened on.", Why: "No interface of this machine has it, its name is not known, or the port is one that needs a right.",
			Do: "Correct ADDR, PORT or ADMIN_ADDR; :8080 is every address of the machine. For a port below 1024 grant CAP_NET_BIND_SERVICE.",
		},
		{
			Code: "table-unusable", Met: Command, What: "The table cannot be watched.", Why: "It has no primary key or no usable tenant column, or it is no table.",
			Do: "Follow the hint of the message.",
		},
		{
			Code: "nothing-there", Met: Command, What: "What the command is about is not there.", Why: "The table is not watched, or the number is one that does not exist.",
			Do: "See what there is: rowcast status for tables, rowcast revoke --list for revocations.",
		},
		{
			Code: "already-running", Met: Command, What: "Another session does the same at this moment.", Why: "It holds the lock that only one may hold.",
			Do: "Wait until it has ended, and call the command again.",
		},
		{
			Code: "servers-behind", Met: Command, What: "Servers do not follow the policy.", Why: "They have no connection to the database, or are of an earlier version.",
			Do: "Look at their logs and at /readyz. One that comes back takes the policy over before it sends a change.",
		},
		{
			Code: "timed-out", Met: Command, What: "The database did not answer in time.", Why: "It is slow or busy, or a statement ran into statement_timeout.",
			Do: "Try again; if that does not help, rowcast doctor finds old transactions, locks and what else makes it slow.",
		},
		{
			Code: "database-exhausted", Met: Command, What: "The database has no room left.", Why: "Its disk, its memory or its connections are used up.",
			Do: "Free what the message names; rowcast doctor shows how many connections are left and how large the log is.",
		},
		{
			Code: "file-unusable", Met: Command, What: "A file or directory cannot be used.", Why: "It does not exist, its disk is full, or this user has no right to it.",
			Do: "Correct the path, or the rights, that the message names.",
		},
		{
			Code: "bar-missed", Met: Command, What: "A measured value missed its bar.", Why: "The machine was busy, or the code has become slower.",
			Do: "Read the report, and measure again with nothing else running.",
		},
		{
			Code: "benchmark-failed", Met: Command, What: "The benchmark could not be carried out.", Why: "The database, a client or a tool did not do what is measured.",
			Do: "Correct what the message names; rowcast doctor looks at the database.",
		},
		{
			Code: "event-trigger", Met: Command, What: "An event trigger of the database refused or failed.",
			Why: "It is called for every CREATE, ALTER and DROP, and those of Rowcast fix the search_path. One that forbids such statements stops the rotation of the log as well.",
			Do:  "Give the function that the message names a search_path of its own, or have it let schema rowcast pass.",
		},
		{
			Code: "table-locked", Met: Command, What: "The table is in use for too long.", Why: "A transaction holds a lock on it; Rowcast steps back so that writers pass.",
			Do: "End the transaction that rowcast doctor names under transaction-old, and try again.",
		},
		{
			Code: "server-unreachable", Met: Command, What: "No server answers at the address for operators.", Why: "It does not run, or listens elsewhere.",
			Do: "Start rowcast serve, or name its address with ADMIN_ADDR.",
		},
		{
			Code: Unexpected, Met: Command, What: "Something failed for which there is no code.", Why: "The message says what was being done.",
			Do: "Correct what the message names; rowcast doctor looks for what usually is wrong.",
		},
	}
}
