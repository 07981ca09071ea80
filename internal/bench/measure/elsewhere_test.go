package measure

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/prometheus/procfs"
)

// TestProcessElsewhereIsNotTaken asks for processes as they might have to be on
// another machine: ids that mean something else here, or nothing.
func TestProcessElsewhereIsNotTaken(t *testing.T) {
	t.Parallel()
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		t.Skip("/proc is Linux's")
	}
	own, err := fs.Proc(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	stat, err := own.Stat()
	if err != nil {
		t.Fatal(err)
	}
	at, err := stat.StartTime()
	if err != nil {
		t.Fatal(err)
	}
	then := time.Unix(int64(at), 0)
	if _, err := started(stat.Comm, os.Getpid(), then); err != nil {
		t.Errorf("this process is not found: %v", err)
	}
	for what, ask := range map[string]func() error{
		"another program":  func() error { _, err := started("postgres", os.Getpid(), then); return err },
		"another time":     func() error { _, err := started(stat.Comm, os.Getpid(), then.Add(-time.Minute)); return err },
		"no such process":  func() error { _, err := started(stat.Comm, 1<<22+1, then); return err },
		"a kernel process": func() error { _, err := started("postgres", 0, then); return err },
	} {
		if err := ask(); !errors.Is(err, errElsewhere) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
