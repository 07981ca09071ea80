package view

import (
	"encoding/json"
	"slices"
	"unique"

	"rowcast/internal/feed"
)

// Subject is one for whom rows are, as the type of a column writes it. The zero Subject is
// everybody.
type Subject struct{ of unique.Handle[string] }

// The types of columns that say for whom a row is.
const (
	ofText    = "text"
	ofUUID    = "uuid"
	ofInteger = "integer"
	// ofOther is a type that a column has got since, and that says nothing.
	ofOther = "other"
)

func subject(kind, value string) Subject { return Subject{unique.Make(kind + ":" + value)} }

// nobody is in no session.
func nobody() Subject { return subject("nobody", "") }

// Subjects are all that a session with the subject of its token is: the text, and what
// columns of types uuid and integer write for it. It is none without a subject.
func Subjects(text, uuid, integer string) []Subject {
	if text == "" {
		return nil
	}
	return []Subject{subject(ofText, text), subject(ofUUID, uuid), subject(ofInteger, integer)}
}

// Part is a part of the sessions of a tenant, with the rows of a change that are for them.
type Part struct {
	// For is whom the part is, or, with Except, whom it is not.
	For    Subject
	Except bool
	// Was and Is say whether the old and the new row are for them.
	Was, Is bool
}

// Private says whether nobody but one subject is in the part.
func (p Part) Private() bool { return p.For != Subject{} && !p.Except }

// Has says whether a session is in the part that is these subjects.
func (p Part) Has(session []Subject) bool {
	if p.For == (Subject{}) {
		return true
	}
	return slices.Contains(session, p.For) != p.Except
}

// readers is for whom one row is: everybody, one subject, or nobody.
type readers struct {
	all bool
	one Subject // the zero Subject if all, or nobody
}

// Parts divides the sessions of a tenant by which rows of the change are for them. Each
// is in one part at most.
func (c *Change) Parts() []Part {
	if c.parts == nil {
		c.parts = c.divide(c.memory[:0])
	}
	return c.parts
}

func (c *Change) divide(parts []Part) []Part {
	switch {
	case c.change.Audience.Column == "", c.change.Bulk, c.change.Op == feed.Truncate:
		return append(parts, Part{Was: true, Is: true})
	case c.change.Unreadable != nil, !c.read():
		return append(parts, Part{For: nobody()})
	case c.change.Op == feed.Delete:
		return append(parts, c.readers(true).part())
	case c.change.Op != feed.Update:
		return append(parts, c.readers(false).part())
	}
	old, now := c.readers(true), c.readers(false)
	switch {
	case old == now:
		return append(parts, now.part())
	case old.all && now.one != Subject{}:
		return append(parts, Part{For: now.one, Was: true, Is: true}, Part{For: now.one, Except: true, Was: true})
	case now.all && old.one != Subject{}:
		return append(parts, Part{For: old.one, Was: true, Is: true}, Part{For: old.one, Except: true, Is: true})
	}
	if was := old.part(); was.Was {
		was.Is = false
		parts = append(parts, was)
	}
	if is := now.part(); is.Is {
		is.Was = false
		parts = append(parts, is)
	}
	return parts
}

// part is all for whom the row is.
func (r readers) part() Part {
	switch {
	case r.all:
		return Part{Was: true, Is: true}
	case r.one == Subject{}:
		return Part{For: nobody()}
	}
	return Part{For: r.one, Was: true, Is: true}
}

// readers reads for whom the old or the new row is. A row that lacks the column, and the
// empty text, are for nobody, and so is a column of a type that says nothing. A number is
// that of an integer column, and a text of none, whatever type the column has had since.
func (c *Change) readers(old bool) readers {
	column := c.change.Audience.Column
	value := c.after.Column(column)
	if old {
		if own := c.before.Column(column); own != nil || c.change.Op == feed.Delete {
			value = own
		}
	}
	switch {
	case c.change.Audience.Type == ofOther:
		return readers{}
	case string(value) == "null":
		return readers{all: true}
	}
	text, kind := string(value), ofInteger
	if len(value) > 0 && value[0] == '"' {
		if json.Unmarshal(value, &text) != nil {
			return readers{}
		}
		if kind = c.change.Audience.Type; kind == ofInteger {
			kind = ofText
		}
	}
	if text == "" {
		return readers{}
	}
	return readers{one: subject(kind, text)}
}
