package web_test

import (
	"testing"

	"rowcast/internal/web/npm"
)

// TestClient checks the types of the workspace and runs its tests.
func TestClient(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("npm takes a while")
	}
	npm.Install(t, ".")
	npm.Run(t, ".", "run", "check")
	t.Log(npm.Run(t, ".", "test"))
}
