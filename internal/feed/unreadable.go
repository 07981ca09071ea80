package feed

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Reason says at which step a change could not be read. It is the word on the wire.
type Reason string

// The reasons.
const (
	// Decoding: what the log holds is no row, or the database cannot read it.
	Decoding Reason = "decoding"
	// Mapping: the row could not be turned into events.
	Mapping Reason = "mapping"
	// Encoding: the event could not be written for a transport.
	Encoding Reason = "encoding"
	// Size: the rows have more bytes than are sent, or than the database can send.
	Size Reason = "size"
)

// Reasons are all there are.
func Reasons() []Reason { return []Reason{Decoding, Mapping, Encoding, Size} }

// MaxRows is how many bytes the rows of one change may have, the old and the new one
// together. What is larger is sent without them.
const MaxRows = 64 << 20

// Unreadable says why a change is sent without its row.
type Unreadable struct {
	Reason Reason
	// Detail is for operators: it holds nothing of the row.
	Detail string
}

// UnreadableVerb is what follows the stem in the name of the event.
const UnreadableVerb = "unreadable"

// Without is what is sent of the change when its row cannot be: one event at its
// position.
func (c *Change) Without(why *Unreadable) Event {
	e := Event{
		Tenant: c.Tenant, Position: c.Position, Cursor: Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce}, At: c.At, Stem: c.Name,
		Source: Source{Table: c.Table, Op: c.Op.String(), Tx: strconv.FormatUint(c.Tx, 10), Writer: c.Writer},
	}
	if c.Bulk {
		e.From = c.From
	}
	return e.Without(why)
}

// Without is what is sent in place of the event when it cannot be.
func (e *Event) Without(why *Unreadable) Event {
	stem := e.Stem
	if stem == "" {
		stem, _, _ = strings.Cut(e.Name, ":")
	}
	data, err := json.Marshal(struct {
		Operation string `json:"operation"`
		Table     string `json:"table"`
		Reason    Reason `json:"reason"`
	}{e.Source.Op, e.Source.Table, why.Reason})
	if err != nil { // strings always have a JSON form
		data = []byte("{}")
	}
	return Event{
		Name: stem + ":" + UnreadableVerb, Stem: e.Stem, Tenant: e.Tenant, From: e.From, Position: e.Position, Cursor: e.Cursor, At: e.At,
		Data: data, Source: e.Source, Unreadable: why,
	}
}
