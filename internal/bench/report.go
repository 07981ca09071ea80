package bench

import (
	"slices"
	"time"
)

// Report is what one run of a benchmark found.
type Report struct {
	// Name is the benchmark, as in "write".
	Name string `json:"name"`
	// Title says in one line what was compared or measured.
	Title string `json:"title"`
	// Command is the command line that gives this report again.
	Command string `json:"command"`
	// Time is when the run began.
	Time time.Time `json:"time"`
	// Seconds is how long the run took.
	Seconds     float64     `json:"seconds"`
	Environment Environment `json:"environment"`
	Tables      []Table     `json:"tables"`
	Bars        []Bar       `json:"bars"`
	// Charts show figures of the tables.
	Charts []Chart `json:"-"`
	// Notes are sentences that a reader of the figures has to know.
	Notes []string `json:"notes"`
}

// Met says whether no bar was missed. A bar that does not apply is not missed.
func (r *Report) Met() bool {
	return !slices.ContainsFunc(r.Bars, func(b Bar) bool { return b.Verdict == Missed })
}

// Table is a table of figures.
type Table struct {
	// Key names the table in JSON.
	Key string
	// Title is for people.
	Title   string
	Columns []Column
	// Rows have one cell a column.
	Rows [][]Cell
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

// Add appends a row.
func (t *Table) Add(cells ...Cell) { t.Rows = append(t.Rows, cells) }
