package document

// The bounds of a policy.
const (
	MaxBytes  = 64 << 10
	MaxTables = 64
	MaxRoles  = 32
	MaxEvents = 32
	maxName   = 255
	maxNames  = 1600 // PostgreSQL has no more columns in a table
)

const (
	// Anyone is the role of a session that has none of those that are named.
	Anyone = "*"
	// Presence is the stem of the table of those who are there.
	Presence = "presence"
)

// Document is a policy as it is written.
type Document struct{ Tables []Table }

// Table is what is said of one table.
type Table struct {
	Stem string
	Line int
	// Roles are nil if the table has none.
	Roles  []Role
	Events []Event
}

// Role is what a role sees of a table.
type Role struct {
	Name string
	Line int
	// All is that of {}: every row and column, those too that are added later.
	All bool
	// None is nothing.
	None bool
	// Except and Only are the columns that are named; at most one of them is not nil.
	Except, Only []Name
	// Rows is the condition on a row, empty if there is none.
	Rows Text
}

// Event is an event of its own.
type Event struct {
	Name Name
	// On are the operations: insert, update, delete.
	On []string
	// When is the condition, empty if there is none.
	When Text
	// Data are the columns, nil for the row.
	Data []Name
}

// Name is a name in the file.
type Name struct {
	Text string
	Line int
}

// Text is an expression in the file.
type Text = Name
