package bench

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Unknown is a figure that could not be measured.
func Unknown() float64 { return math.NaN() }

// Known says whether a figure was measured.
func Known(figure float64) bool { return !math.IsNaN(figure) && !math.IsInf(figure, 0) }

// Cell is a word or a figure.
type Cell struct {
	word   string
	figure float64
	isWord bool
}

// Word makes a cell of text.
func Word(text string) Cell { return Cell{word: text, isWord: true} }

// Figure makes a cell of a number, which may be [Unknown].
func Figure[T int | int64 | float64](n T) Cell { return Cell{figure: float64(n)} }

// MarshalJSON gives a string, a number or, for what is unknown, null.
func (c Cell) MarshalJSON() ([]byte, error) {
	if c.isWord {
		return json.Marshal(c.word)
	}
	if !Known(c.figure) {
		return []byte("null"), nil
	}
	return json.Marshal(math.Round(c.figure*1e6) / 1e6)
}

// Figures makes cells of numbers.
func Figures(all ...float64) (cells []Cell) {
	for _, figure := range all {
		cells = append(cells, Figure(figure))
	}
	return cells
}

// text is the cell for people.
func (c Cell) text(digits int) string {
	if c.isWord {
		return c.word
	}
	return Format(c.figure, digits)
}

// Format writes a figure for people, with commas between thousands.
func Format(figure float64, digits int) string {
	if !Known(figure) {
		return "–"
	}
	text := strconv.FormatFloat(math.Abs(figure), 'f', digits, 64)
	whole, rest, _ := strings.Cut(text, ".")
	var b strings.Builder
	if figure < 0 && strings.Trim(text, "0.") != "" {
		b.WriteString("-")
	}
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	if digits > 0 {
		b.WriteString("." + rest)
	}
	return b.String()
}
