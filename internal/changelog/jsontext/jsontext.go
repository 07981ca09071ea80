// Package jsontext says whether a text is a JSON object, as PostgreSQL writes one.
//
// # Overview
//
// [Object] looks once over the text. It has no limit of depth, as the type json
// has none, and takes no memory but a bit for each level.
//
// # Guarantees
//
//   - It agrees with encoding/json, up to the depth that this allows, and beyond on
//     what is nested deeper (TestObjectAgreesWithEncodingJSON, TestDepth,
//     FuzzObject).
//   - Text that is not UTF-8 is refused, which encoding/json would let pass
//     (TestObjectIsUTF8).
//
// # Failures
//
// The error says at which byte, and nothing of the text.
package jsontext

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrEncoding says that a text is not UTF-8.
var ErrEncoding = errors.New("the text is not UTF-8")

// Object says what is wrong with a text that should be a JSON object in UTF-8.
func Object(text []byte) error {
	if !utf8.Valid(text) {
		return ErrEncoding
	}
	i := space(text, 0)
	if at(text, i) != '{' {
		return errors.New("the text is no JSON object")
	}
	if i = value(text, i); i < 0 {
		return fmt.Errorf("the text is no JSON at byte %d", -i-1)
	}
	if i = space(text, i); i < len(text) {
		return fmt.Errorf("the text is no JSON at byte %d", i)
	}
	return nil
}

// levels are the objects and arrays that are open, a bit each: set for an object.
// The innermost 64 are in a word, those around them behind it.
type levels struct {
	word  uint64
	rest  []uint64
	depth int
}

func (l *levels) push(object bool) {
	if l.depth > 0 && l.depth%64 == 0 {
		l.rest = append(l.rest, l.word)
	}
	bit := uint64(1) << (l.depth % 64)
	l.word &^= bit
	if object {
		l.word |= bit
	}
	l.depth++
}

func (l *levels) pop() {
	l.depth--
	if l.depth > 0 && l.depth%64 == 0 {
		l.word, l.rest = l.rest[len(l.rest)-1], l.rest[:len(l.rest)-1]
	}
}

// object says whether the innermost is an object.
func (l *levels) object() bool { return l.word&(1<<((l.depth-1)%64)) != 0 }

// value returns the place after the value at i, or -place-1 of what is wrong.
func value(text []byte, i int) int {
	var open levels
	for {
		// A value begins at i.
		var end int
		switch c := at(text, i); c {
		case '{', '[':
			open.push(c == '{')
			i = space(text, i+1)
			if closing := c + 2; at(text, i) == closing { // '}' and ']' are two after their opening
				open.pop()
				end = i + 1
				break
			}
			if c == '{' {
				if i = key(text, i); i < 0 {
					return i
				}
			}
			continue
		case '"':
			end = str(text, i)
		case 't':
			end = word(text, i, "true")
		case 'f':
			end = word(text, i, "false")
		case 'n':
			end = word(text, i, "null")
		default:
			end = number(text, i)
		}
		// It ends there, and with it what it closes.
		for {
			if end < 0 || open.depth == 0 {
				return end
			}
			i = space(text, end)
			object := open.object()
			c := at(text, i)
			if c == ',' {
				i = space(text, i+1)
				if object {
					if i = key(text, i); i < 0 {
						return i
					}
				}
				break
			}
			if object && c != '}' || !object && c != ']' {
				return -i - 1
			}
			open.pop()
			end = i + 1
		}
	}
}

// key returns the place of the value behind the key at i.
func key(text []byte, i int) int {
	if at(text, i) != '"' {
		return -i - 1
	}
	if i = str(text, i); i < 0 {
		return i
	}
	if i = space(text, i); at(text, i) != ':' {
		return -i - 1
	}
	return space(text, i+1)
}

func at(text []byte, i int) byte {
	if i < len(text) {
		return text[i]
	}
	return 0
}

func space(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

func word(text []byte, i int, w string) int {
	if end := i + len(w); end <= len(text) && string(text[i:end]) == w {
		return end
	}
	return -i - 1
}

// Of eight bytes at once: each the same, and their highest bits.
const (
	each = 0x0101010101010101
	high = 0x8080808080808080
)

// str returns the place after the string that opens at i.
func str(text []byte, i int) int {
	for i++; ; {
		for i+8 <= len(text) {
			x := binary.LittleEndian.Uint64(text[i:])
			quote, back := x^(each*'"'), x^(each*'\\')
			if ((x-each*' ')&^x|(quote-each)&^quote|(back-each)&^back)&high != 0 {
				break // one of them may be special
			}
			i += 8
		}
		for stop := min(i+8, len(text)); i < stop; i++ {
			switch c := text[i]; {
			case c == '"':
				return i + 1
			case c < ' ':
				return -i - 1
			case c == '\\':
				n := escape(text[i+1:])
				if n == 0 {
					return -i - 1
				}
				i += n
			}
		}
		if i >= len(text) {
			return -len(text) - 1
		}
	}
}

// escape is how many bytes of an escape follow the backslash, 0 if it is none.
func escape(text []byte) int {
	switch at(text, 0) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		for k := 1; k <= 4; k++ {
			c := at(text, k)
			switch {
			case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
			default:
				return 0
			}
		}
		return 5
	}
	return 0
}

// number returns the place after the number at i.
func number(text []byte, i int) int {
	if at(text, i) == '-' {
		i++
	}
	switch c := at(text, i); {
	case c == '0':
		i++
	case '1' <= c && c <= '9':
		i = digits(text, i)
	default:
		return -i - 1
	}
	if at(text, i) == '.' {
		end := digits(text, i+1)
		if end == i+1 {
			return -end - 1
		}
		i = end
	}
	if c := at(text, i); c == 'e' || c == 'E' {
		i++
		if c := at(text, i); c == '+' || c == '-' {
			i++
		}
		end := digits(text, i)
		if end == i {
			return -end - 1
		}
		i = end
	}
	return i
}

func digits(text []byte, i int) int {
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	return i
}
