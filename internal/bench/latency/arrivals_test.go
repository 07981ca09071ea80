package latency

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/test/pgtest"
)

// isChild makes a process of this test binary one that does nothing.
const isChild = "TEST_BINARY_IS_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(isChild) == "" {
		pgtest.Main(m)
		return
	}
	if err := child.Serve(context.Background(), os.Stdin, os.Stdout, nil); err != nil {
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

// TestLateEventsAreCounted has one event that the fallback poll may have found.
func TestLateEventsAreCounted(t *testing.T) {
	t.Parallel()
	r := &run{Settings: Settings{Rate: 100}, rowcast: newSide("Rowcast", "measured"), bare: newSide("bare LISTEN", "notified")}
	for _, returned := range []time.Duration{time.Millisecond, 899 * time.Millisecond, 950 * time.Millisecond} {
		r.rowcast.add(returned+time.Millisecond, returned, 0)
		r.bare.add(time.Millisecond, time.Millisecond, 0)
	}
	if r.rowcast.waited != 1 || r.bare.waited != 0 {
		t.Errorf("waited %d and %d", r.rowcast.waited, r.bare.waited)
	}
	verdicts := map[string]bench.Verdict{}
	for _, b := range r.bars(idleness{}) {
		verdicts[b.Key] = b.Verdict
	}
	if verdicts["waitedForFallback"] != bench.Missed || verdicts["p99OverBareMilliseconds"] != bench.Missed ||
		verdicts["p99Milliseconds"] != bench.NotApplicable {
		t.Errorf("verdicts %v", verdicts)
	}
}

// TestReportHoldsTheFigures fills a report.
func TestReportHoldsTheFigures(t *testing.T) {
	t.Parallel()
	r := &run{
		Settings: Settings{Rate: 100, Blocks: 2, Duration: time.Second, Idle: time.Second},
		rowcast:  newSide("Rowcast", "measured"), bare: newSide("bare LISTEN", "notified"),
	}
	for range 1000 {
		r.rowcast.add(2900*time.Microsecond, 2*time.Millisecond, 0)
		r.bare.add(2*time.Millisecond, time.Millisecond, 0)
	}
	var report bench.Report
	r.fill(&report, idleness{queries: 1, server: 0.001, backends: bench.Unknown()})
	if !report.Met() || len(report.Bars) != 7 || len(report.Tables) != 2 || len(report.Charts) != 1 {
		t.Errorf("%+v", report)
	}
	var text strings.Builder
	if err := report.Text(&text); err != nil || !strings.Contains(text.String(), "bare LISTEN") {
		t.Errorf("%v: %s", err, text.String())
	}
}
