package devpg

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// note is what a running server, or one that crashed, has noted about itself
// in its data directory.
type note struct {
	pid     int
	segment int // of System V shared memory; 0 if not there yet
}

func noteFile(data string) string { return filepath.Join(data, "postmaster.pid") }

func readNote(data string) (n note, err error) {
	text, err := os.ReadFile(noteFile(data))
	if err != nil {
		return n, err
	}
	lines := strings.Split(string(text), "\n")
	if n.pid, err = strconv.Atoi(strings.TrimSpace(lines[0])); err != nil {
		return n, fmt.Errorf("read %s: %w", noteFile(data), err)
	}
	if len(lines) < 7 {
		return n, nil
	}
	if keyAndID := strings.Fields(lines[6]); len(keyAndID) == 2 {
		n.segment, err = strconv.Atoi(keyAndID[1])
	}
	return n, err
}
