package mapping

import (
	"bytes"
	"strings"

	"rowcast/internal/feed/row"
)

// unknown is the number of differences when one of the rows cannot be read.
const unknown = -1

// compareRows marks the columns whose JSON text differs, or that only the old row
// has, and returns their number. What only the new row has is as it was.
func compareRows(after, before *row.Row) int {
	n, matched := 0, 0
	for i := range after.Fields {
		f := &after.Fields[i]
		f.Old = int32(after.Counterpart(i, before))
		if f.Old < 0 {
			continue
		}
		matched++
		if !bytes.Equal(after.Value(i), before.Value(int(f.Old))) {
			f.Changed = true
			n++
		}
	}
	if matched == len(before.Fields) {
		return n
	}
	for j := range before.Fields {
		if before.Counterpart(j, after) < 0 {
			before.Fields[j].Changed = true
			n++
		}
	}
	return n
}

// differences lists the n columns that compareRows marked, in the order of the
// new row and then those that only the old row has, with their old values.
func differences(after, before *row.Row, n int) (changed []string, previous []byte) {
	var names strings.Builder
	keys, values := 0, 0
	for i := range after.Fields {
		if f := &after.Fields[i]; f.Changed {
			keys += len(after.Key(i))
			values += len(before.Value(int(f.Old)))
		}
	}
	names.Grow(keys)
	changed = make([]string, 0, n)
	previous = append(make([]byte, 0, keys+values+6*n+2), '{')
	add := func(r *row.Row, i int) {
		start := names.Len()
		if r.Fields[i].Escaped {
			names.WriteString(r.Name(i))
		} else {
			names.Write(r.Key(i))
		}
		changed = append(changed, names.String()[start:])
	}
	for i := range after.Fields {
		if f := &after.Fields[i]; f.Changed {
			add(after, i)
			previous = before.AppendMember(previous, int(f.Old))
		}
	}
	for j := range before.Fields {
		if before.Fields[j].Changed {
			add(before, j)
			previous = before.AppendMember(previous, j)
		}
	}
	return changed, append(previous, '}')
}
