package fanout

import (
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/load"
)

func verdicts(s Settings, idle []Idle, sides ...*Side) map[string]bench.Verdict {
	all := map[string]bench.Verdict{}
	var report bench.Report
	Fill(&report, s, sides, idle)
	for _, b := range report.Bars {
		all[b.Key] = b.Verdict
	}
	return all
}

func measured(cpu, late, elapsed time.Duration) *Side {
	return &Side{Blocks: []Block{{Changes: 10, Deliveries: 1000, Bytes: 400_000, Elapsed: elapsed, CPU: cpu, Late: late}}}
}

const ms, second = time.Millisecond, time.Second

func TestBarsOfTheRightRun(t *testing.T) {
	t.Parallel()
	bare, idle := measured(10*ms, 0, second), []Idle{{Connections: barIdle, RSS: 12_000, Collected: 9000}}
	paced := Settings{Mode: Paced, Clients: barClients, Rounds: 1}
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

func TestBarsBesideTheReference(t *testing.T) {
	t.Parallel()
	paced, burst := Settings{Mode: Paced, Clients: barClients, Reference: true}, Settings{Mode: Burst, Clients: barClients, Reference: true}
	few := paced
	few.Clients = 10
	for name, test := range map[string]struct {
		settings          Settings
		server, reference *Side
		bar               string
		want              bench.Verdict
	}{
		"cheap":               {paced, measured(6*ms, 0, second), measured(10*ms, 0, second), "referencePacedCpuRatio", bench.Met},
		"dear":                {paced, measured(7*ms, 0, second), measured(10*ms, 0, second), "referencePacedCpuRatio", bench.Missed},
		"cheap and behind":    {paced, measured(6*ms, second, second), measured(10*ms, 0, second), "referencePacedCpuRatio", bench.NotApplicable},
		"dear and behind":     {paced, measured(7*ms, second, second), measured(10*ms, 0, second), "referencePacedCpuRatio", bench.Missed},
		"cheap beside a late": {paced, measured(6*ms, 0, second), measured(10*ms, second, second), "referencePacedCpuRatio", bench.Met},
		"dear beside a late":  {paced, measured(7*ms, 0, second), measured(10*ms, second, second), "referencePacedCpuRatio", bench.NotApplicable},
		"few clients":         {few, measured(6*ms, 0, second), measured(10*ms, 0, second), "referencePacedCpuRatio", bench.NotApplicable},
		"fast":                {burst, measured(ms, 0, second), measured(ms, 0, 4*second), "referenceBurstRatio", bench.Met},
		"slow":                {burst, measured(ms, 0, second), measured(ms, 0, 3*second), "referenceBurstRatio", bench.Missed},
		"burst for paced":     {burst, measured(ms, 0, second), measured(ms, 0, second), "referencePacedCpuRatio", bench.NotApplicable},
		"paced for burst":     {paced, measured(ms, 0, second), measured(ms, 0, second), "referenceBurstRatio", bench.NotApplicable},
	} {
		if got := verdicts(test.settings, nil, test.server, test.reference, measured(5*ms, 0, second))[test.bar]; got != test.want {
			t.Errorf("%s: %s is %q; want %q", name, test.bar, got, test.want)
		}
	}
}

func TestIdleBarOfTheWire(t *testing.T) {
	t.Parallel()
	idle := []Idle{{Connections: barIdle, RSS: 11_000}}
	for wire, want := range map[string]bench.Verdict{load.Native: bench.Missed, load.SocketIO: bench.Met} {
		if got := verdicts(Settings{Mode: Paced, Wire: wire}, idle, measured(ms, 0, second), measured(ms, 0, second))["idleRssKilobytes"]; got != want {
			t.Errorf("%s: %s; want %s", wire, got, want)
		}
	}
}
