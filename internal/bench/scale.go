package bench

import "math"

// scale places the figures of an axis between two edges of the drawing.
type scale struct {
	axis      Axis
	from, to  float64 // edges
	low, high float64 // figures at them
	step      float64 // between ticks, without Log
}

// newScale rounds the extent outwards to whole ticks. A linear axis of lengths
// begins at zero, since a length tells nothing without it.
func newScale(axis Axis, from, to float64, extent [2]float64, lengths bool) scale {
	low, high := extent[0], extent[1]
	if low > high { // no figure at all
		low, high = 0, 1
		axis.Log = false
	}
	s := scale{axis: axis, from: from, to: to, low: low, high: high}
	switch {
	case axis.Log && len(axis.Ticks) == 0:
		s.low = math.Pow(10, math.Floor(math.Log10(low)))
		s.high = math.Pow(10, math.Ceil(math.Log10(high)))
		if s.low == s.high {
			s.high *= 10
		}
	case axis.Log:
		s.high = max(high, low*1.001)
	default:
		if lengths || low > 0 && low < high/2 {
			low = min(0, low)
		}
		s.step = niceStep((high - low) / 5)
		s.low, s.high = math.Floor(low/s.step)*s.step, math.Ceil(high/s.step)*s.step
		if s.low == s.high {
			s.high += s.step
		}
	}
	return s
}

// niceStep is the next of 1, 2, 5, 10, ... above a step.
func niceStep(step float64) float64 {
	if step <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, n := range []float64{1, 2, 5} {
		if step <= n*power*(1+1e-9) {
			return n * power
		}
	}
	return 10 * power
}

// at is where a figure lies.
func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.axis.Log {
		v, low, high = math.Log(max(v, low)), math.Log(low), math.Log(high)
	}
	return s.from + (v-low)/(high-low)*(s.to-s.from)
}

// shows says whether a figure has a place.
func (s scale) shows(v float64) bool { return Known(v) && (!s.axis.Log || v > 0) }

func (s scale) ticks() []Tick {
	var ticks []Tick
	switch {
	case len(s.axis.Ticks) > 0:
		for _, t := range s.axis.Ticks {
			if t.At >= s.low && t.At <= s.high {
				ticks = append(ticks, t)
			}
		}
	case s.axis.Log:
		wide := s.high/s.low > 1e3
		for v := s.low; v <= s.high*1.0001; v *= 10 {
			for _, n := range []float64{1, 2, 5} {
				if n*v <= s.high*1.0001 && (n == 1 || !wide) {
					ticks = append(ticks, Tick{n * v, tickText(n * v)})
				}
			}
		}
	default:
		for n := 0; s.low+float64(n)*s.step <= s.high+s.step/2; n++ {
			v := s.low + float64(n)*s.step
			ticks = append(ticks, Tick{v, tickText(math.Round(v/s.step) * s.step)})
		}
	}
	return ticks
}
