package policy_test

import (
	"strings"
	"testing"

	"rowcast/internal/feed"
	"rowcast/internal/view/policy"
)

const wide = `{"id":1200,"tenant_id":"0e37df36-f698-11e6-8dd4-cb9ced3df976","order_number":"A-1200","customer":"Someone with a name","warehouse_id":5,` +
	`"status":"held","total":149.90,"margin":12.50,"created_at":"2026-01-02T03:04:05.678901+00:00","note":null}`

// question is an update of the status.
func question() *policy.Question {
	return &policy.Question{Op: feed.Update, Before: scan(strings.Replace(wide, "held", "open", 1)), After: scan(wide)}
}

func TestAllocations(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts for the whole process
	p := load(t, guarded, &tally{})
	q, dst := question(), make([]byte, 0, 1024)
	for role, want := range map[string]float64{"manager": 0, "clerk": 0, "picker": 8} {
		a := viewer(t, p, role, `{"warehouses":[5,6]}`).Table(1)
		var match bool
		got := testing.AllocsPerRun(100, func() {
			d := a.Decide(q)
			match = d.Both.Has("status")
			dst = d.New.AppendRow(dst[:0], q.After, nil)
		})
		if got > want || !match || strings.Contains(string(dst), "margin") != (role == "manager") {
			t.Errorf("%s: %v allocations, at most %v wanted; %s", role, got, want, dst)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	p := load(b, guarded, &tally{})
	for _, role := range []string{"manager", "clerk", "picker"} {
		a, q := viewer(b, p, role, `{"warehouses":[5,6]}`).Table(1), question()
		dst := make([]byte, 0, 1024)
		b.Run(role, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := a.Decide(q)
				dst = d.New.AppendRow(dst[:0], q.After, nil)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	stored := resolve(b, guarded, tables())
	for b.Loop() {
		if _, err := policy.Load(stored, tables(), &tally{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkViewer(b *testing.B) {
	p, c := load(b, guarded, &tally{}), claims(b, `{"warehouses":[5,6]}`)
	for b.Loop() {
		if _, err := p.Viewer("T", []string{"picker"}, c); err != nil {
			b.Fatal(err)
		}
	}
}
