package bench

import (
	"fmt"
	"math"
	"strings"
)

// The drawing, in units of its own: the browser scales it.
const (
	plotWidth, plotHeight            = 720.0, 336.0
	plotLeft, plotRight              = 64.0, 24.0
	plotTop, plotBottom              = 34.0, 46.0
	columnGap, groupGap, columnWidth = 2.0, 0.3, 56.0
	// colours is how many series can be told apart.
	colours = 6
)

// plot is a chart laid out for the template.
type plot struct {
	Chart         Chart
	Width, Height float64
	// Left, Right, Top and Bottom are the edges of the area of the figures.
	Left, Right, Top, Bottom float64
	XTicks, YTicks           []mark
	Lines                    []stroke
	Columns                  []column
	Dots                     []dot
	Spreads                  []spread
	Legend                   []key
}

type (
	mark struct {
		X, Y float64
		Text string
	}
	stroke struct {
		Path   string
		Colour int
	}
	column struct {
		X, Y, W, H, Middle, LabelY float64
		Label, Tip                 string
		Colour                     int
	}
	dot struct {
		X, Y   float64
		Tip    string
		Colour int
	}
	spread struct{ X, Low, High float64 }
	key    struct {
		Name   string
		Colour int
	}
)

// lay computes the drawing of a chart. Libraries draw with colours of their
// own; this one leaves them to the style of the page, for both schemes.
func lay(c Chart) plot {
	p := plot{
		Chart: c, Width: plotWidth, Height: plotHeight,
		Left: plotLeft, Right: plotWidth - plotRight, Top: plotTop, Bottom: plotHeight - plotBottom,
	}
	for i, s := range c.Series {
		p.Legend = append(p.Legend, key{s.Name, i%colours + 1})
	}
	y := newScale(c.Y, p.Bottom, p.Top, c.extent(true), len(c.Categories) > 0)
	for _, t := range y.ticks() {
		p.YTicks = append(p.YTicks, mark{p.Left, round(y.at(t.At)), t.Label})
	}
	if len(c.Categories) > 0 {
		p.layColumns(y)
	} else {
		p.layLines(y)
	}
	return p
}

func (p *plot) layColumns(y scale) {
	c := p.Chart
	group := (p.Right - p.Left) / float64(len(c.Categories))
	width := min(columnWidth, group*(1-groupGap)/float64(max(1, len(c.Series)))-columnGap)
	for i, name := range c.Categories {
		middle := p.Left + group*(float64(i)+0.5)
		p.XTicks = append(p.XTicks, mark{round(middle), p.Bottom, name})
		x := middle - (width+columnGap)*float64(len(c.Series))/2
		for n, s := range c.Series {
			if i < len(s.Points) && Known(s.Points[i].Y) {
				pt := s.Points[i]
				top := y.at(pt.Y)
				label := top
				if pt.spread() {
					p.Spreads = append(p.Spreads, spread{round(x + width/2), round(y.at(pt.Low)), round(y.at(pt.High))})
					label = min(label, y.at(pt.High))
				}
				p.Columns = append(p.Columns, column{
					round(x), round(top), round(width), round(p.Bottom - top), round(x + width/2), round(label - 5),
					brief(pt.Y), c.tip(s.Name, name, pt), n%colours + 1,
				})
			}
			x += width + columnGap
		}
	}
}

func (p *plot) layLines(y scale) {
	c := p.Chart
	x := newScale(c.X, p.Left, p.Right, c.extent(false), false)
	for _, t := range x.ticks() {
		p.XTicks = append(p.XTicks, mark{round(x.at(t.At)), p.Bottom, t.Label})
	}
	for n, s := range c.Series {
		var path strings.Builder
		command := "M"
		for _, pt := range s.Points {
			if !x.shows(pt.X) || !y.shows(pt.Y) {
				command = "M"
				continue
			}
			at := dot{round(x.at(pt.X)), round(y.at(pt.Y)), c.tip(s.Name, brief(pt.X), pt), n%colours + 1}
			fmt.Fprintf(&path, "%s%v %v", command, at.X, at.Y)
			command = "L"
			p.Dots = append(p.Dots, at)
			if pt.spread() {
				p.Spreads = append(p.Spreads, spread{at.X, round(y.at(pt.Low)), round(y.at(pt.High))})
			}
		}
		p.Lines = append(p.Lines, stroke{path.String(), n%colours + 1})
	}
}

// tip is what the browser shows over a point.
func (c *Chart) tip(series, at string, p Point) string {
	text := fmt.Sprintf("%s, %s: %s", series, at, withUnit(brief(p.Y), c.Y.Unit))
	if p.spread() {
		text += fmt.Sprintf(" (%s to %s)", brief(p.Low), brief(p.High))
	}
	return text
}

// extent is the least and the greatest figure of an axis.
func (c *Chart) extent(vertical bool) [2]float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range c.Series {
		for _, p := range s.Points {
			all, axis := []float64{p.X}, c.X
			if vertical {
				all, axis = []float64{p.Y}, c.Y
				if p.spread() {
					all = append(all, p.Low, p.High)
				}
			}
			for _, v := range all {
				if Known(v) && (!axis.Log || v > 0) {
					low, high = min(low, v), max(high, v)
				}
			}
		}
	}
	return [2]float64{low, high}
}

func round(v float64) float64 { return math.Round(v*10) / 10 }

// brief writes a figure with about three digits.
func brief(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100 || a == math.Trunc(a):
		return Format(v, 0)
	case a >= 10:
		return Format(v, 1)
	case a >= 1:
		return Format(v, 2)
	default:
		return Format(v, 3)
	}
}

// tickText is brief without zeros at its end.
func tickText(v float64) string {
	text := brief(v)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
