package bench

import "encoding/json"

// Chart is a picture of figures. Lines have a number on both axes; columns
// have one group of columns for each category.
type Chart struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	// X and Y describe the axes. X of a chart with categories needs no unit.
	X Axis `json:"x"`
	Y Axis `json:"y"`
	// Categories makes it a chart of columns: point i of each series belongs
	// to category i, whatever its X. Empty makes it a chart of lines.
	Categories []string `json:"categories,omitempty"`
	Series     []Series `json:"series"`
}

// Axis is one of the two of a chart.
type Axis struct {
	Title string `json:"title"`
	Unit  string `json:"unit,omitempty"`
	// Log spaces the axis by powers. Figures must then be above zero.
	Log bool `json:"log,omitempty"`
	// Ticks replace those that the figures suggest, as for percentiles.
	Ticks []Tick `json:"ticks,omitempty"`
}

// Tick is a labelled place on an axis.
type Tick struct {
	At    float64 `json:"at"`
	Label string  `json:"label"`
}

// Series is one line, or the columns of one colour.
type Series struct {
	Name   string  `json:"name"`
	Points []Point `json:"points"`
}

// Point is a figure of a series. Low and High, if they are not both zero, are
// the spread around Y.
type Point struct {
	X, Y, Low, High float64
}

// spread says whether the point has one.
func (p Point) spread() bool { return p.Low != 0 || p.High != 0 }

// MarshalJSON gives null for an unknown figure and no spread where there is none.
func (p Point) MarshalJSON() ([]byte, error) {
	point := struct {
		X    Cell  `json:"x"`
		Y    Cell  `json:"y"`
		Low  *Cell `json:"low,omitempty"`
		High *Cell `json:"high,omitempty"`
	}{X: Figure(p.X), Y: Figure(p.Y)}
	if p.spread() {
		low, high := Figure(p.Low), Figure(p.High)
		point.Low, point.High = &low, &high
	}
	return json.Marshal(point)
}
