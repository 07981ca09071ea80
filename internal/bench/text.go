package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "rowcast-bench %s: %s\n\n", r.Name, r.Title)
	facts := append([][2]string{
		{"command", r.Command},
		{"time", fmt.Sprintf("%s, took %s", r.Time.UTC().Format(time.RFC3339), time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))},
	}, r.Environment.facts()...)
	for _, f := range facts {
		fmt.Fprintf(&b, "  %-12s%s\n", f[0], f[1])
	}
	tables := r.Tables
	if len(r.Bars) > 0 {
		tables = append(slices.Clip(tables), barsTable(r.Bars))
	}
	for _, t := range tables {
		t.text(&b)
	}
	if len(r.Notes) > 0 {
		b.WriteString("\nNotes\n")
		for _, n := range r.Notes {
			fmt.Fprintf(&b, "  - %s\n", n)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// text aligns words left and figures right.
func (t *Table) text(b *strings.Builder) {
	lines := make([][]string, 2+len(t.Rows)) // titles, units, rows
	widths, total := make([]int, len(t.Columns)), 0
	for i, c := range t.Columns {
		lines[0], lines[1] = append(lines[0], c.Title), append(lines[1], c.Unit)
		for n, row := range t.Rows {
			lines[2+n] = append(lines[2+n], c.text(row[i]))
		}
		for _, line := range lines {
			widths[i] = max(widths[i], utf8.RuneCountInString(line[i]))
		}
		total += widths[i] + 2
	}
	fmt.Fprintf(b, "\n%s\n", t.Title)
	for n, line := range lines {
		if n == 1 && strings.Join(line, "") == "" {
			continue
		}
		if n == 2 {
			b.WriteString("  " + strings.Repeat("─", total-2) + "\n")
		}
		var out strings.Builder
		for i, text := range line {
			width := widths[i]
			if _, isWord := t.Rows[0][i].(string); isWord {
				width = -width
			}
			fmt.Fprintf(&out, "  %*s", width, text)
		}
		b.WriteString(strings.TrimRight(out.String(), " ") + "\n")
	}
}

// text is a cell of the column for people.
func (c Column) text(cell any) string {
	if figure, ok := cell.(Figure); ok {
		return Format(float64(figure), c.Digits)
	}
	return fmt.Sprint(cell)
}

// barsTable shows bars as a table.
func barsTable(bars []Bar) Table {
	t := Table{Title: "Bars", Columns: []Column{{Title: "figure of"}, {Title: "measured"}, {Title: "wanted"}, {Title: "verdict"}}}
	for _, b := range bars {
		verdict := b.Verdict
		if b.Verdict == NotApplicable {
			verdict = "not applicable: " + b.Reason
		}
		t.Add([]string{b.Name, brief(b.Figure, b.Unit), fmt.Sprintf("%s %s", b.Relation, brief(Figure(b.Wanted), b.Unit)), verdict})
	}
	return t
}

// Figure is a number that was measured, or is unknown.
type Figure float64

// Unknown is a figure that could not be measured.
func Unknown() float64 { return math.NaN() }

// Known says whether a figure was measured.
func Known(figure float64) bool { return !math.IsNaN(figure) && !math.IsInf(figure, 0) }

// MarshalJSON returns a number or, for what is unknown, null.
func (f Figure) MarshalJSON() ([]byte, error) {
	if !Known(float64(f)) {
		return []byte("null"), nil
	}
	return json.Marshal(math.Round(float64(f)*1e6) / 1e6)
}

// Format writes a figure for people, with commas between thousands.
func Format(figure float64, digits int) string {
	if !Known(figure) {
		return "–"
	}
	text := strconv.FormatFloat(math.Abs(figure), 'f', digits, 64)
	whole, _, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	if figure < 0 && strings.Trim(text, "0.,") != "" {
		return "-" + text
	}
	return text
}

// brief writes a figure with about three digits.
func brief(figure Figure, unit string) string {
	v, digits := float64(figure), 3
	switch {
	case v >= 100, v == math.Trunc(v):
		digits = 0
	case v >= 10:
		digits = 1
	case v >= 1:
		digits = 2
	}
	return strings.TrimSpace(Format(v, digits) + " " + unit)
}

// Within refuses the value of a flag that is not from least to most.
func Within[T cmp.Ordered](flag string, value, least, most T) error {
	if value >= least && value <= most { // nor NaN
		return nil
	}
	return fmt.Errorf("--%s is %v; give %v to %v", flag, value, least, most)
}

// OneOf refuses the value of a flag that is none of these.
func OneOf(flag, value string, known ...string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return fmt.Errorf("--%s is %q; give %s", flag, value, strings.Join(known, " or "))
}
