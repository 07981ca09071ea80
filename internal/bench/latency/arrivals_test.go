package latency

import (
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func waiting(timeout time.Duration) *run {
	r := &run{Options: Options{Timeout: timeout}}
	r.receivers.broken = make(chan error, 1)
	return r
}

func TestMissingRowsAreNamed(t *testing.T) {
	t.Parallel()
	r := waiting(20 * time.Millisecond)
	r.arrivals.expect(5, 3)
	r.arrivals.add(arrival{id: 6, at: 1})
	if err := r.await(t.Context()); err == nil || !strings.Contains(err.Error(), "2 of 3 rows have not arrived") {
		t.Errorf("error %v", err)
	}
}

func TestRepeatedRowIsNamed(t *testing.T) {
	t.Parallel()
	for id, want := range map[int64]string{6: "row 6 arrived twice", 4: "row 4 arrived again", 8: "row 8 arrived again"} {
		r := waiting(time.Second)
		r.arrivals.expect(5, 3)
		for _, id := range []int64{6, id, 5, 7} {
			r.arrivals.add(arrival{id: id, at: 1})
		}
		if err := r.await(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %s", err, want)
		}
	}
}

// TestLateEventsAreCounted has one event that the fallback poll may have found.
func TestLateEventsAreCounted(t *testing.T) {
	t.Parallel()
	r := newResult()
	for _, returned := range []time.Duration{time.Millisecond, 899 * time.Millisecond, 950 * time.Millisecond} {
		r.Rowcast.add(returned+time.Millisecond, returned, time.Millisecond)
		r.Bare.add(time.Millisecond, time.Millisecond, time.Millisecond)
	}
	if r.Rowcast.Waited != 1 || r.Bare.Waited != 0 {
		t.Errorf("waited %d and %d", r.Rowcast.Waited, r.Bare.Waited)
	}
	verdicts := map[string]bench.Verdict{}
	for _, b := range r.bars(Settings{Rate: 100}) {
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
	r := newResult()
	for range 1000 {
		r.Rowcast.add(2900*time.Microsecond, 2*time.Millisecond, time.Millisecond)
		r.Bare.add(2*time.Millisecond, time.Millisecond, time.Millisecond)
	}
	r.Idle = Idle{Queries: 1, Server: 0.001, Backends: bench.Unknown()}
	var report bench.Report
	r.Fill(&report, Settings{Rate: 100, Blocks: 2, Duration: time.Second, Idle: time.Second})
	if !report.Met() || len(report.Bars) != 7 || len(report.Tables) != 4 || len(report.Charts) != 1 {
		t.Errorf("%+v", report)
	}
	var text strings.Builder
	if err := report.Text(&text); err != nil || !strings.Contains(text.String(), "bare LISTEN") {
		t.Errorf("%v: %s", err, text.String())
	}
}
