package feed

import (
	"encoding/json"
	"time"
)

// Op is what happened to a row. Its value is the letter stored in rowcast.log.
type Op byte

// The four operations that triggers capture, that of an operator who has a row
// sent again, and what follows changes of which nobody knows the order.
const (
	Insert    Op = 'i'
	Update    Op = 'u'
	Delete    Op = 'd'
	Truncate  Op = 't'
	Replay    Op = 'r'
	Unordered Op = 'o'
)

// String returns the word used on the wire: "insert", "update", "delete",
// "truncate", "replay" or "unordered".
func (o Op) String() string {
	switch o {
	case Insert:
		return "insert"
	case Update:
		return "update"
	case Delete:
		return "delete"
	case Truncate:
		return "truncate"
	case Replay:
		return "replay"
	case Unordered:
		return "unordered"
	default:
		return "unknown"
	}
}

// Change is one committed and sealed change of one row, the summary of a bulk
// statement, or a TRUNCATE.
type Change struct {
	// Epoch names the history that the position belongs to: the id of the feed.
	Epoch string
	// Tenant owns the row.
	Tenant string
	// From and Position are the first and last position that the change
	// covers within its tenant. They differ only for a bulk change.
	From, Position int64
	// Nonce is the random number of the seal that gave the position.
	Nonce int64
	// Relation is the number of the table, whatever it is watched as: that of the policy.
	Relation int64
	// Table is the unqualified name of the table, as in source.table.
	Table string
	// Name is the stem of the event names: "order" for orders.
	Name string
	// Audience says for whom rows of the table are.
	Audience Audience
	// Op is the operation.
	Op Op
	// Bulk is true when the change stands for Position-From+1 rows of one
	// statement, or for rows that nobody knows: a truncate of one partition, or
	// Unordered; After and Before are then nil.
	Bulk bool
	// After is the row as a JSON object after an insert or update, and of a
	// replay as it was then.
	After json.RawMessage
	// Before is the row as a JSON object before an update or delete. Of an update it may
	// lack columns that have the same value in After.
	Before json.RawMessage
	// At is when the statement ran, by the clock of the database.
	At time.Time
	// Tx is the identifier of the transaction.
	Tx uint64
	// Writer is the application_name of the session that wrote.
	Writer string
	// Unreadable, if not nil, says why the rows cannot be read; After and Before
	// are then nil.
	Unreadable *Unreadable
}

// Audience is the column that says for whom a row is. Without a name rows are for the
// whole tenant.
type Audience struct {
	Column string
	// Type is how its values compare: "uuid", "integer" or "text".
	Type string
}

// Rows says how many positions the change stands for.
func (c *Change) Rows() int64 { return c.Position - c.From + 1 }

// Head is how far a tenant has come: the position of its newest sealed change
// and the nonce of the seal that gave it. A tenant without changes has
// position 0 and nonce 0.
type Head struct {
	Epoch    string
	Position int64
	Nonce    int64
}

// Cursor is the cursor of a client that has received everything up to h.
func (h Head) Cursor() Cursor {
	return Cursor{Epoch: h.Epoch, Position: h.Position, Nonce: h.Nonce}
}

// Page is a part of the history of one tenant, oldest first.
type Page struct {
	Changes []Change
	// More is true when further changes follow.
	More bool
	// Rules is the version of the rules by which events are withheld, as of when the
	// changes were read.
	Rules int64
}
