package bench

import (
	"encoding/json"
	"io"
)

// JSON writes the report as one JSON object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// MarshalJSON gives each row as an object with the keys of the columns.
func (t Table) MarshalJSON() ([]byte, error) {
	rows := make([]map[string]Cell, 0, len(t.Rows))
	for _, cells := range t.Rows {
		row := make(map[string]Cell, len(cells))
		for i, c := range cells {
			row[t.Columns[i].Key] = c
		}
		rows = append(rows, row)
	}
	return json.Marshal(struct {
		Key     string            `json:"key"`
		Title   string            `json:"title"`
		Columns []Column          `json:"columns"`
		Rows    []map[string]Cell `json:"rows"`
	}{t.Key, t.Title, t.Columns, rows})
}
