package write

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rowcast/internal/bench"
)

// TestCopyText reads the text of a COPY.
func TestCopyText(t *testing.T) {
	t.Parallel()
	s := shapes()["narrow"]
	lines := strings.Split(strings.TrimSuffix(string(copyText(s, 1000)), "\n"), "\n")
	if len(lines) != 1000 {
		t.Fatalf("%d lines; want 1000", len(lines))
	}
	for i, line := range lines {
		if fields := strings.Split(line, "\t"); len(fields) != 3 || fields[0] != strconv.Itoa(i+1) {
			t.Fatalf("line %d is %q", i+1, line)
		}
	}
}

// TestRatiosAreThoseWithinRounds slows everything in one round: the ratio of
// the medians would see that, the median of the ratios does not.
func TestRatiosAreThoseWithinRounds(t *testing.T) {
	t.Parallel()
	var cells []cell
	for _, speed := range []float64{1000, 100, 10} {
		for v, factor := range map[Variant]float64{None: 1, Rowcast: 0.5, Notify: 0.25} {
			cells = append(cells, cell{writers: 64, variant: v, rows: int64(speed * factor * 1000), seconds: 1000})
		}
	}
	s := summarise(cells, 64, Rowcast)
	if ofNone, ofNotify := s.of(s.none, rate), s.of(s.notify, rate); ofNone != 0.5 || ofNotify != 2 {
		t.Errorf("ratios %v and %v; want 0.5 and 2", ofNone, ofNotify)
	}
	if m, least, most := s.median(rate), s.least(rate), s.most(rate); m != 50 || least != 5 || most != 500 {
		t.Errorf("median %v from %v to %v", m, least, most)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		figures []float64
		want    float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 2, 3}, 2.5}, {[]float64{7}, 7}} {
		if got := median(test.figures); got != test.want {
			t.Errorf("the median of %v is %v; want %v", test.figures, got, test.want)
		}
	}
	if bench.Known(median(nil)) || bench.Known(median([]float64{1, bench.Unknown()})) || bench.Known(median([]float64{1, math.Inf(1)})) {
		t.Error("a median of unknown figures is known")
	}
}

func TestVariantsTakeTurns(t *testing.T) {
	t.Parallel()
	for turn := range 3 {
		var first []Variant
		for round := range 3 {
			first = append(first, rotated(round)[turn])
		}
		slices.Sort(first)
		if want := []Variant{None, Notify, Rowcast}; !slices.Equal(first, want) {
			t.Errorf("turn %d is taken by %v", turn, first)
		}
	}
}

// TestBarsThatDoNotApply leaves out what the bars are about.
func TestBarsThatDoNotApply(t *testing.T) {
	t.Parallel()
	r := &run{Settings: Settings{Writers: []int{1}, Rows: 10}}
	for _, b := range r.bars(nil) {
		if b.Verdict != bench.NotApplicable || b.Reason == "" {
			t.Errorf("%s is %s, %q", b.Name, b.Verdict, b.Reason)
		}
	}
}
