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
			Code: "event-trigger", Met: Command, What: "An event trigger of the database refused or failed.",
			Why: "It is called for every CREATE, ALTER and DROP, and those of Rowcast fix the search_path; one that forbids such statements stops the rotation of the log as well.",
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
			Do: "Run rowcast doctor.",
		},
	}
}
