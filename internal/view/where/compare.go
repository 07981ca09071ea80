package where

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	"rowcast/internal/feed/row"
)

// equal says whether two values, as the log writes them, are equal.
func (k Kind) equal(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	return k == Number && compareNumbers(a, b) == 0
}

// compare is -1, 0 or 1 as a is less than, equal to or greater than b.
func (k Kind) compare(a, b []byte) int {
	switch k {
	case Number:
		return compareNumbers(a, b)
	case Time:
		return compareTimes(inner(a), inner(b))
	case Other, Alike, Text:
	}
	return compareTexts(a, b)
}

// compareNumbers compares as PostgreSQL does: NaN equals itself and is greater than
// all. The log writes it, and infinity, as texts.
func compareNumbers(a, b []byte) int {
	if order, ok := row.CompareNumbers(a, b); ok {
		return order
	}
	return cmp.Compare(rank(a), rank(b))
}

// rank orders what is no ordinary number among those that are.
func rank(number []byte) int {
	switch string(number) {
	case `"-Infinity"`:
		return -1
	case `"Infinity"`:
		return 1
	case `"NaN"`:
		return 2
	}
	return 0
}

// compareTexts compares JSON strings by the bytes of their text.
func compareTexts(a, b []byte) int {
	x, y := inner(a), inner(b)
	if !row.HasEscape(x) && !row.HasEscape(y) {
		return bytes.Compare(x, y)
	}
	return strings.Compare(decoded(a), decoded(b))
}

func decoded(text []byte) string {
	var s string
	if json.Unmarshal(text, &s) != nil {
		return string(text)
	}
	return s
}

// inner is what is between the quotes of a JSON string.
func inner(text []byte) []byte {
	if len(text) >= 2 && text[0] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}

// compareTimes compares dates, or times with a date and the same zone, as PostgreSQL
// writes them in JSON: the year has four digits or more, and BC follows all.
func compareTimes(a, b []byte) int {
	if order := cmp.Compare(eternity(a), eternity(b)); order != 0 || eternity(a) != 0 {
		return order
	}
	a, bcA := bytes.CutSuffix(a, []byte(" BC"))
	b, bcB := bytes.CutSuffix(b, []byte(" BC"))
	if bcA != bcB {
		return map[bool]int{true: -1, false: 1}[bcA]
	}
	years := cmp.Or(cmp.Compare(yearLength(a), yearLength(b)), bytes.Compare(a[:yearLength(a)], b[:yearLength(b)]))
	if bcA {
		years = -years
	}
	return cmp.Or(years, bytes.Compare(instant(a), instant(b)))
}

// eternity is -1 or 1 for a time that is infinite.
func eternity(t []byte) int {
	switch string(t) {
	case "-infinity":
		return -1
	case "infinity":
		return 1
	}
	return 0
}

func yearLength(t []byte) int { return max(bytes.IndexByte(t, '-'), 0) }

// instant is what follows the year, without the zone, which is UTC. A fraction has no
// zeros at its end, so that bytes compare as times do.
func instant(t []byte) []byte {
	return bytes.TrimSuffix(t[yearLength(t):], []byte("+00:00"))
}
