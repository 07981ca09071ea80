package mapping

import (
	"bytes"
	"strings"
)

// unknown is the number of differences when one of the rows cannot be read.
const unknown = -1

// compareRows marks the columns whose JSON text differs, or that only the old row
// has, and returns their number. What only the new row has is as it was.
func compareRows(after, before *row) int {
	n, matched := 0, 0
	for i := range after.fields {
		f := &after.fields[i]
		f.old = int32(counterpart(after, before, i))
		if f.old < 0 {
			continue
		}
		matched++
		if !bytes.Equal(after.value(i), before.value(int(f.old))) {
			f.changed = true
			n++
		}
	}
	if matched == len(before.fields) {
		return n
	}
	for j := range before.fields {
		if counterpart(before, after, j) < 0 {
			before.fields[j].changed = true
			n++
		}
	}
	return n
}

// counterpart finds in y the column that stands at i in x, -1 if there is none.
// As a rule both rows have the same columns in the same places.
func counterpart(x, y *row, i int) int {
	if i < len(y.fields) && bytes.Equal(x.key(i), y.key(i)) {
		return i
	}
	return y.find(x.name(i))
}

// differences lists the n columns that compareRows marked, in the order of the
// new row and then those that only the old row has, with their old values.
func differences(after, before *row, n int) (changed []string, previous []byte) {
	var names strings.Builder
	keys, values := 0, 0
	for i := range after.fields {
		if f := &after.fields[i]; f.changed {
			keys += int(f.keyEnd - f.key)
			values += len(before.value(int(f.old)))
		}
	}
	names.Grow(keys)
	changed = make([]string, 0, n)
	previous = append(make([]byte, 0, keys+values+6*n+2), '{')
	add := func(r *row, i int) {
		start := names.Len()
		if r.fields[i].escaped {
			names.WriteString(r.name(i))
		} else {
			names.Write(r.key(i))
		}
		changed = append(changed, names.String()[start:])
	}
	for i := range after.fields {
		if f := &after.fields[i]; f.changed {
			add(after, i)
			previous = before.appendMember(previous, int(f.old))
		}
	}
	for j := range before.fields {
		if before.fields[j].changed {
			add(before, j)
			previous = before.appendMember(previous, j)
		}
	}
	return changed, append(previous, '}')
}

// appendMember appends "key":value of field i to an open object.
func (r *row) appendMember(dst []byte, i int) []byte {
	if len(dst) > 1 {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, r.key(i)...)
	dst = append(dst, '"', ':')
	return r.appendValue(dst, i)
}
