package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// textWidth is where sentences and settings are wrapped.
	textWidth = 110
	// tableWidth is how wide a table may be without its titles being broken.
	tableWidth = 120
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
		fmt.Fprintf(&b, "  %-12s%s\n", f[0], wrap(f[1], 14))
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
			fmt.Fprintf(&b, "  - %s\n", wrap(n, 4))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeText aligns words left and figures right.
func (t *Table) writeText(b *strings.Builder) {
	rows := make([][]string, len(t.Rows))
	for n, row := range t.Rows {
		for i, c := range row {
			rows[n] = append(rows[n], c.text(t.Columns[i].Digits))
		}
	}
	head := t.headings(func(title string) []string { return []string{title} })
	widths, total := t.widths(head, rows)
	if total > tableWidth {
		head = t.headings(strings.Fields)
		widths, total = t.widths(head, rows)
	}
	fmt.Fprintf(b, "\n%s\n", t.Title)
	for n, line := range slices.Concat(head, rows) {
		var out strings.Builder
		for i, text := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if t.words(i) {
				out.WriteString("  " + text + pad)
			} else {
				out.WriteString("  " + pad + text)
			}
		}
		b.WriteString(strings.TrimRight(out.String(), " ") + "\n")
		if n == len(head)-1 {
			b.WriteString("  " + strings.Repeat("─", total-2) + "\n")
		}
	}
}

// headings are the lines above the rows: the titles, as they are split, and
// below them the units, if there are any.
func (t *Table) headings(split func(title string) []string) (lines [][]string) {
	units, height := 0, 0
	for _, c := range t.Columns {
		height = max(height, len(split(c.Title)))
		if c.Unit != "" {
			units = 1
		}
	}
	for range height + units {
		lines = append(lines, make([]string, len(t.Columns)))
	}
	for i, c := range t.Columns {
		titles := split(c.Title)
		for n, title := range titles {
			lines[height-len(titles)+n][i] = title
		}
		if units > 0 {
			lines[height][i] = c.Unit
		}
	}
	return lines
}

// widths are those of the columns, and that of the table.
func (t *Table) widths(head, rows [][]string) (widths []int, total int) {
	widths = make([]int, len(t.Columns))
	for _, line := range slices.Concat(head, rows) {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, width := range widths {
		total += width + 2
	}
	return widths, total
}

// words says whether a column holds words rather than figures.
func (t *Table) words(column int) bool {
	return len(t.Rows) > 0 && t.Rows[0][column].isWord
}

// barsTable shows bars as a table.
func barsTable(bars []Bar) *Table {
	t := &Table{Title: "Bars", Columns: []Column{{Title: "figure of"}, {Title: "measured"}, {Title: "wanted"}, {Title: "verdict"}}}
	for _, b := range bars {
		verdict := b.Verdict.words()
		if b.Reason != "" {
			verdict += ": " + b.Reason
		}
		t.Add(Word(b.Name), Word(b.measured()), Word(b.wanted()), Word(verdict))
	}
	return t
}

// measured and wanted are the two numbers of a bar for people.
func (b *Bar) measured() string {
	if !Known(b.Figure.figure) {
		return "unknown"
	}
	return withUnit(brief(b.Figure.figure), b.Unit)
}

func (b *Bar) wanted() string {
	return string(b.Relation) + " " + withUnit(strings.TrimSuffix(strings.TrimSuffix(Format(b.Wanted, 2), "0"), ".0"), b.Unit)
}

func withUnit(number, unit string) string {
	if unit == "" {
		return number
	}
	return number + " " + unit
}

// wrap breaks text between words; further lines are indented.
func wrap(text string, indent int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+width > textWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String()
}
