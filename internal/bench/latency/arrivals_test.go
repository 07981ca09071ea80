package latency

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/stage"
	"rowcast/internal/test/pgtest"
)

// isChild makes a process of this test binary one that does nothing.
const isChild = "TEST_BINARY_IS_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(isChild) == "" {
		pgtest.Main(m)
		return
	}
	if err := stage.Serve(context.Background(), os.Stdin, os.Stdout, nil); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func TestMissingRowsAreNamed(t *testing.T) {
	t.Parallel()
	var a arrivals
	a.expect(5, 3)
	a.add(arrival{id: 6, at: 1})
	if err := a.await(t.Context(), 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "2 of 3 rows have not arrived") {
		t.Errorf("error %v", err)
	}
}

func TestRepeatedRowIsNamed(t *testing.T) {
	t.Parallel()
	for id, want := range map[int64]string{6: "row 6 arrived twice", 4: "row 4 arrived again", 8: "row 8 arrived again"} {
		var a arrivals
		a.expect(5, 3)
		for _, id := range []int64{6, id, 5, 7} {
			a.add(arrival{id: id, at: 1})
		}
		if err := a.await(t.Context(), time.Second); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %s", err, want)
		}
	}
}

// TestReportHoldsTheFigures fills a report.
func TestReportHoldsTheFigures(t *testing.T) {
	t.Parallel()
	r := newRun(nil, Settings{Rate: 100, Blocks: 2, Duration: time.Second, Idle: time.Second})
	for range 1000 {
		r.rowcast.due = append(r.rowcast.due, 2900*time.Microsecond)
		r.bare.due = append(r.bare.due, 2*time.Millisecond)
	}
	var report bench.Report
	r.fill(&report, idleness{queries: 1, server: 0.001, backends: bench.Unknown()})
	if len(report.Missed()) != 0 || len(report.Bars) != 6 || len(report.Tables) != 2 {
		t.Errorf("%+v", report)
	}
	var text strings.Builder
	if err := report.Text(&text); err != nil || !strings.Contains(text.String(), "bare LISTEN") {
		t.Errorf("%v: %s", err, text.String())
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	s := newSide("", "")
	if bench.Known(s.milliseconds(p50)) {
		t.Error("no latency has a median")
	}
	for n := 1000; n > 0; n-- {
		s.due = append(s.due, time.Duration(n)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0: 1, p50: 500, 0.9: 900, p99: 990, 0.999: 999, 1: 1000} {
		if got := s.milliseconds(q); got != want {
			t.Errorf("the quantile %v is %v ms; want %v", q, got, want)
		}
	}
}
