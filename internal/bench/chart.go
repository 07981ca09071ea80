package bench

import (
	"fmt"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// Chart is a picture of figures that the tables of a report have. With categories it
// has a group of columns for each, else lines over percentiles.
type Chart struct {
	Key, Title string
	// X and Y describe the axes, with the unit.
	X, Y string
	// Categories are those of columns: figure i of each series belongs to the i-th.
	Categories []string
	Series     []Series
}

// Series is one line, or the columns of one colour.
type Series struct {
	Name string
	// Columns are figures, Points those of a line.
	Columns []float64
	Points  plotter.XYs
}

// The size of a picture, and of a column in it.
const (
	chartWidth, chartHeight = 18 * vg.Centimeter, 9 * vg.Centimeter
	columnWidth             = vg.Length(14)
)

// SVG writes the picture. An unknown figure has no column.
func (c *Chart) SVG(w io.Writer) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.X, c.Y
	p.Legend.Top = true
	for i, s := range c.Series {
		if err := c.draw(p, i, s); err != nil {
			return fmt.Errorf("draw %s of %s: %w", s.Name, c.Title, err)
		}
	}
	if len(c.Categories) > 0 {
		p.NominalX(c.Categories...)
		p.Y.Min = 0
	} else {
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
		p.X.Tick.Marker = plot.ConstantTicks{{Value: 1, Label: "0"}, {Value: 2, Label: "50"}, {Value: 10, Label: "90"}, {Value: 100, Label: "99"}, {Value: 1000, Label: "99.9"}}
	}
	picture, err := p.WriterTo(chartWidth, chartHeight, "svg")
	if err == nil {
		_, err = picture.WriteTo(w)
	}
	return err
}

func (c *Chart) draw(p *plot.Plot, i int, s Series) error {
	if len(c.Categories) == 0 {
		line, dots, err := plotter.NewLinePoints(s.Points)
		if err != nil {
			return err
		}
		line.Color, dots.Color, dots.Shape = plotutil.Color(i), plotutil.Color(i), plotutil.Shape(i)
		p.Add(line, dots)
		p.Legend.Add(s.Name, line, dots)
		return nil
	}
	values := make(plotter.Values, len(s.Columns))
	for n, figure := range s.Columns {
		if Known(figure) {
			values[n] = figure
		}
	}
	columns, err := plotter.NewBarChart(values, columnWidth)
	if err != nil {
		return err
	}
	columns.Color = plotutil.Color(i)
	columns.Offset = columnWidth * vg.Length(2*i-len(c.Series)+1) / 2
	p.Add(columns)
	p.Legend.Add(s.Name, columns)
	return nil
}
