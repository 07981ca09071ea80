package faults_test

import (
	"slices"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// TestSeededBugsAreFound proves the checker: it runs a server that has a bug,
// for each bug of package failpoint, and one of the same build without.
func TestSeededBugsAreFound(t *testing.T) {
	t.Parallel()
	s := newDatabase(t, nil)
	buggy := servetest.Program(t, "failpoints")
	for _, test := range []struct {
		bug  string
		want []string
	}{
		{"", nil},
		{"drop", []string{faultMissing, faultPosition}},
		{"swap", []string{faultPosition}},
		{"repeat", []string{faultInvented, faultPosition}},
		{"cross-tenant", []string{faultTenant}},
		{"skip-after-resume", []string{faultMissing, faultPosition}},
	} {
		t.Run("bug="+test.bug, func(t *testing.T) {
			r := &server{Server: servetest.StartProgram(t, buggy, s.dsn, "ROWCAST_FAILPOINT="+test.bug)}
			tr := begin(t, plan{database: s, seed: seed(t), servers: []*server{r}, pause: 10 * time.Millisecond, hop: 20})
			tr.moves(t, 150)
			faults := tr.verdict(t)
			r.Kill()
			if test.bug == "" && len(faults) > 0 {
				t.Errorf("without a bug there are faults: %v", faults)
			}
			for _, kind := range test.want {
				if !slices.ContainsFunc(faults, func(f fault) bool { return f.kind == kind }) {
					t.Errorf("not found guilty of %q: %v", kind, faults)
				}
			}
			if len(faults) > 0 {
				t.Logf("found: %s: %s", faults[0].kind, faults[0].what)
			}
		})
	}
}
