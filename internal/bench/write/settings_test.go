package write_test

import (
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench/write"
)

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	good := write.Settings{Writers: []int{1, 64}, Rounds: 5, Duration: time.Second, Rows: 100, Table: "orders"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for says, spoil := range map[string]func(s *write.Settings){
		"--writers is [1 0]":       func(s *write.Settings) { s.Writers = []int{1, 0} },
		"--writers is []":          func(s *write.Settings) { s.Writers = nil },
		"--rounds is 0":            func(s *write.Settings) { s.Rounds = 0 },
		"--duration is 1ms":        func(s *write.Settings) { s.Duration = time.Millisecond },
		"--rows is -1":             func(s *write.Settings) { s.Rows = -1 },
		"--commit-delay is 1s":     func(s *write.Settings) { s.CommitDelay = time.Second },
		`--table is "wide"; give `: func(s *write.Settings) { s.Table = "wide" },
	} {
		s := good
		spoil(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v; want %q", err, says)
		}
	}
}
