package mapping

import (
	"encoding/json"
	"strconv"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
)

// data builds the data of one event; text is the row as clients get it.
func (v *view) data(r *Rule, text []byte) []byte {
	if r.Data == nil {
		return text
	}
	dst := make([]byte, 0, len(text)+192)
	for i := range r.Data {
		f := &r.Data[i]
		dst = append(dst, opening(i), '"')
		dst = append(dst, f.Name...)
		dst = append(dst, '"', ':')
		dst = v.appendValue(dst, f, text)
	}
	return append(dst, '}')
}

// opening is the character before member i of an object.
func opening(i int) byte {
	if i == 0 {
		return '{'
	}
	return ','
}

// appendValue appends the value of a field.
func (v *view) appendValue(dst []byte, f *Field, text []byte) []byte {
	switch f.Of {
	case OfColumn:
		return appendColumn(dst, f.Columns, &v.after)
	case OfOldColumn:
		return appendColumn(dst, f.Columns, &v.before, &v.after)
	case OfRow:
		return append(dst, text...)
	case OfOperation:
		return appendString(dst, v.c.Op.String())
	case OfTable:
		return appendString(dst, v.c.Table)
	case OfCount:
		if v.c.Op == feed.Truncate || v.c.Op == feed.Unordered {
			return append(dst, '0') // nobody knows
		}
		return strconv.AppendInt(dst, v.c.Rows(), 10)
	case OfFrom:
		return strconv.AppendInt(dst, v.c.From, 10)
	case OfTo:
		return strconv.AppendInt(dst, v.c.Position, 10)
	default:
		return append(dst, "null"...)
	}
}

// appendColumn appends the first of the columns that one of the rows has, else null.
func appendColumn(dst []byte, names []string, rows ...*row.Row) []byte {
	for _, name := range names {
		for _, r := range rows {
			if i := r.Find(name); i >= 0 {
				return r.AppendValue(dst, i)
			}
		}
	}
	return append(dst, "null"...)
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil { // a string always has a JSON form
				return append(dst, `""`...)
			}
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
