package mapping

import (
	"bytes"
	"encoding/json"
)

// row is the text of a JSON object with its top-level fields. The fields are
// empty, and ok false, when the text is no JSON object.
type row struct {
	text   []byte
	fields []field
	ok     bool
	// unfit counts the numbers that a double cannot hold.
	unfit int
}

// field is where a column stands in the text of its row: the key between its
// quotes, and the value. A row of PostgreSQL is shorter than 1 GiB.
type field struct {
	key, keyEnd uint32
	val, valEnd uint32
	// old is the index of the column in the old row, or -1; set when two rows
	// are compared, like changed.
	old     int32
	changed bool
	// escaped is true when the key holds a backslash.
	escaped bool
	// unfit is true for a number that a double cannot hold.
	unfit bool
}

func (r *row) key(i int) []byte   { return r.text[r.fields[i].key:r.fields[i].keyEnd] }
func (r *row) value(i int) []byte { return r.text[r.fields[i].val:r.fields[i].valEnd] }

// name is the decoded key of field i.
func (r *row) name(i int) string {
	if r.fields[i].escaped {
		return unescape(r.key(i))
	}
	return string(r.key(i))
}

// find returns the index of the column with this name, or -1.
func (r *row) find(name string) int {
	for i := range r.fields {
		if string(r.key(i)) == name || (r.fields[i].escaped && r.name(i) == name) {
			return i
		}
	}
	return -1
}

// column returns the JSON text of a column, nil if the row does not have it.
func (r *row) column(name string) []byte {
	if i := r.find(name); i >= 0 {
		return r.value(i)
	}
	return nil
}

// appendValue appends the value of field i as clients get it: a number that a
// double cannot hold as a string.
func (r *row) appendValue(dst []byte, i int) []byte {
	if !r.fields[i].unfit {
		return append(dst, r.value(i)...)
	}
	dst = append(dst, '"')
	dst = append(dst, r.value(i)...)
	return append(dst, '"')
}

// normal is the row as clients get it, text being the text that was scanned. It
// is the text itself, not a copy, when every number fits a double. (Taking the text from the parameter keeps the fields
// of the row off the heap.)
func (r *row) normal(text []byte) []byte {
	if r.unfit == 0 {
		return text
	}
	dst := make([]byte, 0, len(text)+2*r.unfit)
	done := uint32(0)
	for i := range r.fields {
		if f := &r.fields[i]; f.unfit {
			dst = append(dst, text[done:f.val]...)
			dst = r.appendValue(dst, i)
			done = f.valEnd
		}
	}
	return append(dst, text[done:]...)
}

// hasEscape says whether the inside of a JSON string holds an escape.
func hasEscape(inner []byte) bool { return bytes.IndexByte(inner, '\\') >= 0 }

// unescape decodes the inside of a JSON string; text that is no string stays
// as it is.
func unescape(inner []byte) string {
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
