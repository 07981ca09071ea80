package bench

import (
	"fmt"
	"io"
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
	for i := range r.Tables {
		r.Tables[i].writeText(&b)
	}
	if len(r.Bars) > 0 {
		barsTable(r.Bars).writeText(&b)
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

// writeText aligns words left and figures right.
func (t *Table) writeText(b *strings.Builder) {
	var titles, units []string
	for _, c := range t.Columns {
		titles, units = append(titles, c.Title), append(units, c.Unit)
	}
	lines := [][]string{titles}
	if strings.Join(units, "") != "" {
		lines = append(lines, units)
	}
	head := len(lines)
	for _, row := range t.Rows {
		var line []string
		for i, c := range row {
			line = append(line, c.text(t.Columns[i].Digits))
		}
		lines = append(lines, line)
	}
	widths, total := make([]int, len(t.Columns)), 0
	for i := range widths {
		for _, line := range lines {
			widths[i] = max(widths[i], utf8.RuneCountInString(line[i]))
		}
		total += widths[i] + 2
	}
	fmt.Fprintf(b, "\n%s\n", t.Title)
	for n, line := range lines {
		if n == head {
			b.WriteString("  " + strings.Repeat("─", total-2) + "\n")
		}
		var out strings.Builder
		for i, text := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if t.Rows[0][i].isWord {
				out.WriteString("  " + text + pad)
			} else {
				out.WriteString("  " + pad + text)
			}
		}
		b.WriteString(strings.TrimRight(out.String(), " ") + "\n")
	}
}

// barsTable shows bars as a table.
func barsTable(bars []Bar) *Table {
	t := &Table{Title: "Bars", Columns: []Column{{Title: "figure of"}, {Title: "measured"}, {Title: "wanted"}, {Title: "verdict"}}}
	for _, b := range bars {
		verdict := string(b.Verdict)
		if b.Verdict == NotApplicable {
			verdict = "not applicable: " + b.Reason
		}
		t.Add(Word(b.Name), Word(strings.TrimSpace(brief(b.Figure.figure)+" "+b.Unit)),
			Word(strings.TrimSpace(fmt.Sprintf("%s %s %s", b.Relation, brief(b.Wanted), b.Unit))), Word(verdict))
	}
	return t
}

// brief writes a figure with about three digits.
func brief(v float64) string {
	digits := 3
	switch whole := v == float64(int64(v)); {
	case !Known(v), v >= 100, whole:
		digits = 0
	case v >= 10:
		digits = 1
	case v >= 1:
		digits = 2
	}
	return Format(v, digits)
}
