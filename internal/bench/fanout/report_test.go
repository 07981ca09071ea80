package fanout

import (
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench"
)

func verdicts(r *Result, s Settings) map[string]bench.Verdict {
	all := map[string]bench.Verdict{}
	var report bench.Report
	r.Fill(&report, s)
	for _, b := range report.Bars {
		all[b.Key] = b.Verdict
	}
	return all
}

func TestBarsOfTheRightRun(t *testing.T) {
	t.Parallel()
	block := func(cpu, late time.Duration) []Block {
		return []Block{{Changes: 10, Deliveries: 1000, Bytes: 400_000, Elapsed: time.Second, CPU: cpu, Late: late}}
	}
	r := &Result{
		Server: block(12*time.Millisecond, 0), Bare: block(10*time.Millisecond, 0), Unheard: Unheard{Changes: 10},
		Idle: Idle{Connections: barIdle, RSS: 12_000, Collected: 9000},
	}
	paced := Settings{Mode: Paced, Clients: barClients, Tenants: 1}
	got := verdicts(r, paced)
	if got["pacedCpuRatio"] != bench.Met || got["burstCpuMicroseconds"] != bench.NotApplicable || got["idleRssKilobytes"] != bench.Missed ||
		got["unheardEvents"] != bench.Met {
		t.Errorf("paced: %v", got)
	}
	if got := verdicts(r, Settings{Mode: Burst, Clients: barClients, Tenants: 1}); got["burstCpuMicroseconds"] != bench.Missed || got["pacedCpuRatio"] != bench.NotApplicable {
		t.Errorf("burst: %v", got)
	}
	if got := verdicts(r, Settings{Mode: Paced, Clients: 10, Tenants: 1}); got["pacedCpuRatio"] != bench.NotApplicable {
		t.Errorf("ten clients: %v", got)
	}
	// What looks good only because the machine was behind does not count; what
	// looks bad does.
	r.Bare = block(10*time.Millisecond, time.Second)
	if got := verdicts(r, paced); got["pacedCpuRatio"] != bench.NotApplicable {
		t.Errorf("late: %v", got)
	}
	r.Server, r.Unheard.Events = block(20*time.Millisecond, 0), 1
	if got := verdicts(r, paced); got["pacedCpuRatio"] != bench.Missed || got["unheardEvents"] != bench.Missed {
		t.Errorf("late and expensive: %v", got)
	}
	var report bench.Report
	r.Fill(&report, paced)
	var text strings.Builder
	if err := report.Text(&text); err != nil || !strings.Contains(text.String(), "did not keep the pace") {
		t.Errorf("%v: %s", err, text.String())
	}
}
