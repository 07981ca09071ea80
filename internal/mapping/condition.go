package mapping

import (
	"strings"

	"rowcast/internal/feed/row"
)

// meets says whether the change fulfils a condition. A condition on a column
// that the table does not have is never met.
func (v *view) meets(when Condition) bool {
	switch when.Kind {
	case Always:
		return true
	case Is:
		return isString(v.after.Column(when.Column), when.Value)
	case Changes:
		return v.changes(when.Column)
	case Becomes:
		return v.changes(when.Column) && isString(v.after.Column(when.Column), when.Value) && !isString(v.was(when.Column), when.Value)
	case FallsTo:
		return above(v.was(when.Column), v.was(when.Value)) &&
			atMost(v.after.Column(when.Column), v.after.Column(when.Value))
	default:
		return false
	}
}

// changes says whether both rows have the column, with different values.
func (v *view) changes(column string) bool {
	after, before := v.after.Column(column), v.before.Column(column)
	return after != nil && before != nil && string(after) != string(before)
}

// above says whether both are numbers and x > y.
func above(x, y []byte) bool {
	order, ok := row.CompareNumbers(x, y)
	return ok && order > 0
}

// atMost says whether both are numbers and x <= y.
func atMost(x, y []byte) bool {
	order, ok := row.CompareNumbers(x, y)
	return ok && order <= 0
}

// isString says whether a JSON value is a string with this text, in any case of its
// letters.
func isString(value []byte, text string) bool {
	if len(value) < 2 || value[0] != '"' {
		return false
	}
	inner := value[1 : len(value)-1]
	return strings.EqualFold(string(inner), text) || (row.HasEscape(inner) && strings.EqualFold(row.Unescape(inner), text))
}
