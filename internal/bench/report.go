package bench

import (
	"encoding/json"
	"io"
	"time"
)

// Report is what one run of a benchmark found.
type Report struct {
	// Name is the benchmark, as in "write".
	Name  string `json:"name"`
	Title string `json:"title"`
	// Command is the command line that gives this report again.
	Command     string      `json:"command"`
	Time        time.Time   `json:"time"`
	Seconds     float64     `json:"seconds"`
	Environment Environment `json:"environment"`
	Tables      []Table     `json:"tables"`
	Bars        []Bar       `json:"bars"`
	// Notes are sentences that a reader of the figures has to know.
	Notes []string `json:"notes"`
}

// Missed names the bars that were missed. One that does not apply is not.
func (r *Report) Missed() (names []string) {
	for _, b := range r.Bars {
		if b.Verdict == Missed {
			names = append(names, b.Name)
		}
	}
	return names
}

// JSON writes the report as one JSON object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Table is a table of figures.
type Table struct {
	// Key names the table in JSON, Title is for people.
	Key, Title string
	Columns    []Column
	// Rows have one cell a column: a string or a [Figure].
	Rows [][]any
	// Pictures are units: each has a picture of all columns that have it.
	Pictures []string
}

// Column describes one column of a table.
type Column struct {
	// Key names the column in JSON: camelCase, with the unit, as in
	// "serverCpuMicrosecondsPerRow".
	Key string `json:"key"`
	// Title and Unit are for people. Unit is empty for words and plain counts.
	Title string `json:"title"`
	Unit  string `json:"unit,omitempty"`
	// Digits is how many digits after the point people see.
	Digits int `json:"-"`
}

// Col is a column.
func Col(key, title, unit string, digits int) Column { return Column{key, title, unit, digits} }

// Add appends a row: its words, and then its figures.
func (t *Table) Add(words []string, figures ...float64) {
	row := make([]any, 0, len(t.Columns))
	for _, word := range words {
		row = append(row, word)
	}
	for _, figure := range figures {
		row = append(row, Figure(figure))
	}
	t.Rows = append(t.Rows, row)
}

// MarshalJSON returns each row as an object with the keys of the columns.
func (t Table) MarshalJSON() ([]byte, error) {
	rows := make([]map[string]any, len(t.Rows))
	for n, cells := range t.Rows {
		rows[n] = make(map[string]any, len(cells))
		for i, cell := range cells {
			rows[n][t.Columns[i].Key] = cell
		}
	}
	return json.Marshal(struct {
		Key     string           `json:"key"`
		Title   string           `json:"title"`
		Columns []Column         `json:"columns"`
		Rows    []map[string]any `json:"rows"`
	}{t.Key, t.Title, t.Columns, rows})
}

// What a bar says: whether it was met, and how a figure has to stand to what is wanted.
const (
	Met           = "met"
	Missed        = "missed"
	NotApplicable = "notApplicable"

	AtLeast = ">="
	AtMost  = "<="
)

// Bar is what a figure has to reach.
type Bar struct {
	// Key names the bar in JSON, in camelCase and with the unit of the figure.
	Key string `json:"key"`
	// Name says for people what the figure is.
	Name     string  `json:"name"`
	Figure   Figure  `json:"figure"`
	Relation string  `json:"relation"`
	Wanted   float64 `json:"wanted"`
	// Unit follows both numbers, as in "x" or "ms".
	Unit    string `json:"unit"`
	Verdict string `json:"verdict"`
	// Reason says why the bar does not apply.
	Reason string `json:"reason,omitempty"`
}

// Judge makes a bar with its verdict. An unknown figure is judged by nobody.
func Judge(key, name string, figure float64, relation string, wanted float64, unit string) Bar {
	b := Bar{Key: key, Name: name, Figure: Figure(figure), Relation: relation, Wanted: wanted, Unit: unit, Verdict: Missed}
	switch {
	case !Known(figure):
		return b.Waive("the figure is unknown")
	case relation == AtLeast && figure >= wanted, relation == AtMost && figure <= wanted:
		b.Verdict = Met
	}
	return b
}

// Waive says that the bar does not apply to this run, and why.
func (b Bar) Waive(reason string) Bar {
	b.Verdict, b.Reason = NotApplicable, reason
	return b
}
