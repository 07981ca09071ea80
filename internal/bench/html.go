package bench

import (
	_ "embed"
	"html/template"
	"io"
	"time"
)

//go:embed report.html.tmpl
var page string

// HTML writes the report as one file that needs nothing else.
func (r *Report) HTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"lay":   lay,
		"bars":  barsTable,
		"facts": r.Environment.facts,
		"when":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"word":  func(c Cell) bool { return c.isWord },
		"text":  func(c Cell, of Column) string { return c.text(of.Digits) },
		"sum":   func(a, b float64) float64 { return a + b },
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, r)
}
