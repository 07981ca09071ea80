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

func TestBarsBesideTheReference(t *testing.T) {
	t.Parallel()
	blocks := func(cpu, late, elapsed time.Duration) []Block {
		return []Block{{Changes: 10, Deliveries: 1000, Bytes: 400_000, Elapsed: elapsed, CPU: cpu, Late: late}}
	}
	const ms, second = time.Millisecond, time.Second
	paced, burst := Settings{Mode: Paced, Clients: barClients, Tenants: 1}, Settings{Mode: Burst, Clients: barClients, Tenants: 1}
	few := paced
	few.Clients = 10
	for name, test := range map[string]struct {
		settings          Settings
		server, reference []Block
		bar               string
		want              bench.Verdict
	}{
		"cheap":                 {paced, blocks(6*ms, 0, second), blocks(10*ms, 0, second), "referencePacedCpuRatio", bench.Met},
		"dear":                  {paced, blocks(7*ms, 0, second), blocks(10*ms, 0, second), "referencePacedCpuRatio", bench.Missed},
		"cheap and behind":      {paced, blocks(6*ms, second, second), blocks(10*ms, 0, second), "referencePacedCpuRatio", bench.NotApplicable},
		"dear and behind":       {paced, blocks(7*ms, second, second), blocks(10*ms, 0, second), "referencePacedCpuRatio", bench.Missed},
		"cheap beside a late":   {paced, blocks(6*ms, 0, second), blocks(10*ms, second, second), "referencePacedCpuRatio", bench.Met},
		"dear beside a late":    {paced, blocks(7*ms, 0, second), blocks(10*ms, second, second), "referencePacedCpuRatio", bench.NotApplicable},
		"few clients":           {few, blocks(6*ms, 0, second), blocks(10*ms, 0, second), "referencePacedCpuRatio", bench.NotApplicable},
		"fast":                  {burst, blocks(ms, 0, second), blocks(ms, 0, 4*second), "referenceBurstRatio", bench.Met},
		"slow":                  {burst, blocks(ms, 0, second), blocks(ms, 0, 3*second), "referenceBurstRatio", bench.Missed},
		"burst for paced":       {burst, blocks(ms, 0, second), blocks(ms, 0, second), "referencePacedCpuRatio", bench.NotApplicable},
		"paced for burst":       {paced, blocks(ms, 0, second), blocks(ms, 0, second), "referenceBurstRatio", bench.NotApplicable},
		"without the reference": {paced, blocks(ms, 0, second), nil, "referencePacedCpuRatio", ""},
	} {
		r := &Result{Server: test.server, Reference: test.reference, Bare: blocks(5*ms, 0, second)}
		if got := verdicts(r, test.settings)[test.bar]; got != test.want {
			t.Errorf("%s: %s is %q; want %q", name, test.bar, got, test.want)
		}
	}
}

func TestIdleBarOfTheWire(t *testing.T) {
	t.Parallel()
	r := &Result{Idle: Idle{Connections: barIdle, RSS: 11_000}}
	for wire, want := range map[string]bench.Verdict{Native: bench.Missed, SocketIO: bench.Met} {
		if got := verdicts(r, Settings{Mode: Paced, Wire: wire})["idleRssKilobytes"]; got != want {
			t.Errorf("%s: %s; want %s", wire, got, want)
		}
	}
	r.ReferenceIdle = r.Idle
	if table := r.idle(); len(table.Rows) != 2 {
		t.Errorf("the table has %d rows", len(table.Rows))
	}
}
