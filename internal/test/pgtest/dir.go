package pgtest

import (
	"os"
	"testing"
)

// Dir makes an empty directory for the data of a server that is kept, and
// removes it when the test ends. Unlike the one of testing it is open to the
// user that runs PostgreSQL for root, and its name is short enough for sockets.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "rowcast-keep-") //nolint:usetesting // for the reasons above
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return dir
}
