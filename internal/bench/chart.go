package bench

import (
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// The size of a picture, and of a column in it.
const (
	chartWidth, chartHeight = 18 * vg.Centimeter, 9 * vg.Centimeter
	columnWidth             = vg.Length(8)
)

// SVG draws the columns that have the unit, a group for each row. An unknown figure has
// no column.
func (t *Table) SVG(w io.Writer, unit string) error {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text, p.Y.Min, p.Legend.Top = t.Title, unit, 0, true
	rows, drawn := make([]string, len(t.Rows)), 0
	for i, column := range t.Columns {
		values := make(plotter.Values, len(t.Rows))
		for n, row := range t.Rows {
			switch cell := row[i].(type) {
			case string:
				rows[n] = strings.TrimSpace(rows[n] + " " + cell)
			case Figure:
				if Known(float64(cell)) {
					values[n] = float64(cell)
				}
			}
		}
		if column.Unit != unit {
			continue
		}
		bars, err := plotter.NewBarChart(values, columnWidth)
		if err != nil {
			return fmt.Errorf("draw %s of %s: %w", column.Title, t.Title, err)
		}
		bars.Color, bars.Offset = plotutil.Color(drawn), columnWidth*vg.Length(drawn)
		p.Add(bars)
		p.Legend.Add(column.Title, bars)
		drawn++
	}
	p.NominalX(rows...)
	picture, err := p.WriterTo(chartWidth, chartHeight, "svg")
	if err == nil {
		_, err = picture.WriteTo(w)
	}
	return err
}
