package fanout

import (
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench"
)

func verdicts(s Settings, idle float64, sides ...*Side) map[string]string {
	all := map[string]string{}
	var report bench.Report
	Fill(&report, s, sides, idle)
	for _, b := range report.Bars {
		all[b.Key] = b.Verdict
	}
	return all
}

func measured(cpu, late, elapsed time.Duration) *Side {
	return &Side{Total: Block{Changes: 10, Deliveries: 1000, Bytes: 400_000, Elapsed: elapsed, CPU: cpu, Late: late}}
}

const ms, second = time.Millisecond, time.Second

func TestBarsOfTheRightRun(t *testing.T) {
	t.Parallel()
	bare, idle := measured(10*ms, 0, second), 12_000.0
	paced := Settings{Mode: Paced, Clients: barClients, Rounds: 1, IdleConnections: barIdle}
	got := verdicts(paced, idle, measured(12*ms, 0, second), bare)
	if got["pacedCpuRatio"] != bench.Met || got["burstCpuMicroseconds"] != bench.NotApplicable || got["idleRssKilobytes"] != bench.Missed {
		t.Errorf("paced: %v", got)
	}
	if got := verdicts(Settings{Mode: Burst, Clients: barClients}, idle, measured(1400*time.Microsecond, 0, second), bare); got["burstCpuMicroseconds"] != bench.Missed ||
		got["pacedCpuRatio"] != bench.NotApplicable {
		t.Errorf("burst: %v", got)
	}
	if got := verdicts(Settings{Mode: Paced, Clients: 10}, idle, measured(12*ms, 0, second), bare); got["pacedCpuRatio"] != bench.NotApplicable {
		t.Errorf("ten clients: %v", got)
	}
	// What looks good only because the machine was behind does not count; what
	// looks bad does.
	late := measured(10*ms, second, second)
	if got := verdicts(paced, idle, measured(12*ms, 0, second), late); got["pacedCpuRatio"] != bench.NotApplicable {
		t.Errorf("late: %v", got)
	}
	if got := verdicts(paced, idle, measured(20*ms, 0, second), late); got["pacedCpuRatio"] != bench.Missed {
		t.Errorf("late and expensive: %v", got)
	}
	var report bench.Report
	Fill(&report, paced, []*Side{measured(20*ms, 0, second), late}, idle)
	var text strings.Builder
	if err := report.Text(&text); err != nil || !strings.Contains(text.String(), "did not keep the pace") {
		t.Errorf("%v: %s", err, text.String())
	}
}
