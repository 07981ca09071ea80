package row

import (
	"bytes"
	"encoding/json"
)

// Row is the text of a JSON object with its top-level fields. The fields are
// empty, and OK false, when the text is no JSON object.
type Row struct {
	Text   []byte
	Fields []Field
	OK     bool
	// unfit counts the numbers that a double cannot hold.
	unfit int
}

// Field is where a column stands in the text of its row: the key between its
// quotes, and the value. A row of PostgreSQL is shorter than 1 GiB.
type Field struct {
	key, keyEnd uint32
	val, valEnd uint32
	// Old is the index of the column in the old row, or -1; code that
	// compares two rows sets it, like Changed.
	Old     int32
	Changed bool
	// Escaped is true when the key holds a backslash.
	Escaped bool
	// unfit is true for a number that a double cannot hold.
	unfit bool
}

// Key is the text of the key of field i between its quotes.
func (r *Row) Key(i int) []byte { return r.Text[r.Fields[i].key:r.Fields[i].keyEnd] }

// Value is the JSON text of field i.
func (r *Row) Value(i int) []byte { return r.Text[r.Fields[i].val:r.Fields[i].valEnd] }

// Name is the decoded key of field i.
func (r *Row) Name(i int) string {
	if r.Fields[i].Escaped {
		return Unescape(r.Key(i))
	}
	return string(r.Key(i))
}

// Find returns the index of the column with this name, or -1.
func (r *Row) Find(name string) int {
	for i := range r.Fields {
		if r.Fields[i].Escaped {
			if r.Name(i) == name {
				return i
			}
		} else if string(r.Key(i)) == name {
			return i
		}
	}
	return -1
}

// Column returns the JSON text of a column, nil if the row does not have it.
func (r *Row) Column(name string) []byte {
	if i := r.Find(name); i >= 0 {
		return r.Value(i)
	}
	return nil
}

// AppendValue appends the value of field i as clients get it: a number that a
// double cannot hold as a string.
func (r *Row) AppendValue(dst []byte, i int) []byte {
	if !r.Fields[i].unfit {
		return append(dst, r.Value(i)...)
	}
	dst = append(dst, '"')
	dst = append(dst, r.Value(i)...)
	return append(dst, '"')
}

// Normal is the row as clients get it, text being the text that was scanned. It
// is the text itself, not a copy, when every number fits a double. (Taking the text
// from the parameter keeps the fields of the row off the heap.)
func (r *Row) Normal(text []byte) []byte {
	if r.unfit == 0 {
		return text
	}
	dst := make([]byte, 0, len(text)+2*r.unfit)
	done := uint32(0)
	for i := range r.Fields {
		if f := &r.Fields[i]; f.unfit {
			dst = append(dst, text[done:f.val]...)
			dst = r.AppendValue(dst, i)
			done = f.valEnd
		}
	}
	return append(dst, text[done:]...)
}

// HasEscape says whether the inside of a JSON string holds an escape.
func HasEscape(inner []byte) bool { return bytes.IndexByte(inner, '\\') >= 0 }

// Unescape decodes the inside of a JSON string; text that is no string stays
// as it is.
func Unescape(inner []byte) string {
	quoted := make([]byte, 0, len(inner)+2)
	quoted = append(quoted, '"')
	quoted = append(quoted, inner...)
	quoted = append(quoted, '"')
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return string(inner)
	}
	return s
}

// AppendOld appends the whole row before an update as clients get it: what the old row
// lacks is as in the new one. The columns are in the order of the new row; those that only
// the old one has follow.
func AppendOld(dst []byte, before, after *Row) []byte {
	dst = append(dst, '{')
	for i := range after.Fields {
		if k := after.Counterpart(i, before); k >= 0 {
			dst = before.AppendMember(dst, k)
		} else {
			dst = after.AppendMember(dst, i)
		}
	}
	for k := range before.Fields {
		if before.Counterpart(k, after) < 0 {
			dst = before.AppendMember(dst, k)
		}
	}
	return append(dst, '}')
}

// AppendMember appends field i, as clients get it, to an object that is open.
func (r *Row) AppendMember(dst []byte, i int) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, r.Key(i)...)
	dst = append(dst, '"', ':')
	return r.AppendValue(dst, i)
}

// Counterpart finds in other the column that stands at i in r, -1 if there is none.
// As a rule both rows have the same columns in the same places.
func (r *Row) Counterpart(i int, other *Row) int {
	if i < len(other.Fields) && bytes.Equal(r.Key(i), other.Key(i)) {
		return i
	}
	return other.Find(r.Name(i))
}
