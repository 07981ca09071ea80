package api_test

import (
	"os/exec"
	"testing"
)

// runShell runs a line as somebody who has copied it.
func runShell(t *testing.T, line string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-c", line)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, said)
	}
}
