package conform_test

import (
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
