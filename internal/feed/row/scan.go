package row

import "math"

// Scan finds the top-level fields of a JSON object, appending them to buf. It
// accepts every valid object, and also some that are not quite valid: what it
// lets pass inside a value stays as it is.
func Scan(text []byte, buf []Field) Row {
	refused := Row{Text: text}
	if len(text) > math.MaxInt32 {
		return refused
	}
	r := Row{Text: text, Fields: buf, OK: true}
	i := skipSpace(text, 0)
	if at(text, i) != '{' {
		return refused
	}
	i = skipSpace(text, i+1)
	if at(text, i) == '}' {
		r.OK = skipSpace(text, i+1) == len(text)
		return r
	}
	for {
		f, end := scanField(text, i)
		if end < 0 {
			return refused
		}
		if f.unfit {
			r.unfit++
		}
		r.Fields = append(r.Fields, f)
		i = skipSpace(text, end)
		switch at(text, i) {
		case ',':
			i = skipSpace(text, i+1)
		case '}':
			if skipSpace(text, i+1) != len(text) {
				return refused
			}
			return r
		default:
			return refused
		}
	}
}

// scanField reads "key": value at i and returns the place after it, -1 if there
// is none.
func scanField(text []byte, i int) (f Field, end int) {
	if at(text, i) != '"' {
		return f, -1
	}
	end = skipString(text, i)
	if end < 0 {
		return f, -1
	}
	f.key, f.keyEnd = uint32(i+1), uint32(end-1)
	f.Escaped = HasEscape(text[i+1 : end-1])
	if i = skipSpace(text, end); at(text, i) != ':' {
		return f, -1
	}
	i = skipSpace(text, i+1)
	switch c := at(text, i); c {
	case '"':
		end = skipString(text, i)
	case '{', '[':
		end = skipNested(text, i)
	case 't':
		end = skipWord(text, i, "true")
	case 'f':
		end = skipWord(text, i, "false")
	case 'n':
		end = skipWord(text, i, "null")
	default:
		var plain bool
		end, plain = skipNumber(text, i)
		if end > 0 && !plain {
			known, fit := fits(text[i:end])
			if !known {
				return f, -1
			}
			f.unfit = !fit
		}
	}
	if end < 0 {
		return f, -1
	}
	f.val, f.valEnd = uint32(i), uint32(end)
	return f, end
}

// at returns the byte at i, 0 past the end.
func at(text []byte, i int) byte {
	if i < len(text) {
		return text[i]
	}
	return 0
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the place after the string that opens at i, -1 if it does
// not end.
func skipString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// skipNested returns the place after the object or array that opens at i, -1 if
// it does not end.
func skipNested(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			if i = skipString(text, i); i < 0 {
				return -1
			}
			continue
		}
		i++
	}
	return -1
}

func skipWord(text []byte, i int, word string) int {
	end := i + len(word)
	if end > len(text) || string(text[i:end]) != word {
		return -1
	}
	return end
}

// skipNumber returns the place after the number at i, -1 if there is none. plain
// is true for a number that every double holds: short and without exponent.
func skipNumber(text []byte, i int) (end int, plain bool) {
	end, plain = i, true
	for ; end < len(text); end++ {
		switch c := text[end]; {
		case '0' <= c && c <= '9', c == '-', c == '.':
		case c == 'e', c == 'E', c == '+':
			plain = false
		default:
			if end == i {
				return -1, false
			}
			return end, plain && end-i <= safeLength
		}
	}
	return -1, false // an object does not end with a number
}
