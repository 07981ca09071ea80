package feed

import (
	"encoding/json"
	"time"
)

// Event is what a client receives. Its JSON fields are those of the wire
// contract, less "type".
type Event struct {
	// Name is the event name, such as "order:created".
	Name string
	// Stem is that of the table, which a name need not begin with. Empty for an
	// event that summarises several changes.
	Stem string
	// Tenant owns the change.
	Tenant string
	// From is the first position of a bulk event and 0 for any other.
	From int64
	// Position is that of the change; several events of one change share it.
	Position int64
	// Cursor is where a client resumes that has received this event.
	Cursor Cursor
	// At is when the statement ran, by the clock of the database.
	At time.Time
	// Data is a JSON object.
	Data json.RawMessage
	// Changed are the names of the columns that an update changed, in the
	// order of the table. Nil for any other operation.
	Changed []string
	// Previous is a JSON object with the old values of the changed columns.
	// Nil unless the operation is an update.
	Previous json.RawMessage
	// Match says that the row entered what the client has asked for, or left it: "entered"
	// or "left". Empty for any other event.
	Match string
	// Source says which statement made the change. Its Table is empty for an
	// event that summarises several changes.
	Source Source
	// Unreadable, if not nil, says why the event has no row.
	Unreadable *Unreadable
}

// Source is where a change came from.
type Source struct {
	Table  string `json:"table"`
	Op     string `json:"op"`
	Tx     string `json:"tx"`
	Writer string `json:"writer"`
}
