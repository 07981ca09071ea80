package conform_test

import (
	"strings"
	"testing"

	"rowcast/internal/test/servetest"
)

// seededRounds bounds the rounds in which a seeded bug has to be found.
const seededRounds = 12

// TestSeededLeaksAreFound proves the test that nothing leaks: it plays rounds against a
// server that has a bug, for each bug by which something does, until that is found.
func TestSeededLeaksAreFound(t *testing.T) {
	t.Parallel()
	buggy := servetest.Program(t, "failpoints")
	for _, bug := range []string{"unmasked-previous", "audience-of-history", "old-image", "any-cursor", "unmasked-own"} {
		t.Run("bug="+bug, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(seededRounds) {
				if faults := playRound(t, buggy, seed, "ROWCAST_FAILPOINT="+bug); len(faults) > 0 {
					t.Logf("found in round %d: %s", seed, faults[0])
					return
				}
			}
			t.Errorf("not found in %d rounds", seededRounds)
		})
	}
}

// TestLeakCheckConvicts proves the check of bytes: a canary, a column and a table that no
// expected event has are found, wherever they are, and those that one has are not.
func TestLeakCheckConvicts(t *testing.T) {
	t.Parallel()
	canaries := map[string]bool{"cnry0123456789abcdef": true, "123456789012345": true}
	for _, test := range []struct{ received, expected, found string }{
		{`{"type":"error","message":"cnry0123456789abcdef"}`, "", "cnry0123456789abcdef"},
		{`{"previous":{"x":123456789012345}}`, `{"x":"1"}`, "123456789012345"},
		{`{"changed":["col_cost"]}`, `{"col_costs":1}`, "col_cost"},
		{`{"source":{"table":"withheld_12ab"}}`, "", "withheld_12ab"},
		{`{"col_cost":"cnry0123456789abcdef","at":999999999999999}`, `{"col_cost":"cnry0123456789abcdef"}`, ""},
	} {
		var expected []string
		if test.expected != "" {
			expected = []string{test.expected}
		}
		err := leaked(test.received, canaries, expected)
		if (err == nil) != (test.found == "") || err != nil && !strings.HasPrefix(err.Error(), test.found+" is in ") {
			t.Errorf("%s beside %s: %v; want %q", test.received, test.expected, err, test.found)
		}
	}
}
