package write_test

import (
	"strings"
	"testing"
	"time"

	"rowcast/internal/bench/write"
)

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	good := write.Options{Writers: []int{1, 64}, Rounds: 5, Duration: time.Second, Rows: 100, Table: "orders"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for says, spoil := range map[string]func(o *write.Options){
		"--writers is [1 0]":        func(o *write.Options) { o.Writers = []int{1, 0} },
		"--writers is []":           func(o *write.Options) { o.Writers = nil },
		"--rounds is 0":             func(o *write.Options) { o.Rounds = 0 },
		"--duration is 1ms":         func(o *write.Options) { o.Duration = time.Millisecond },
		"--rows is -1":              func(o *write.Options) { o.Rows = -1 },
		"--commit-delay is 1s":      func(o *write.Options) { o.CommitDelay = time.Second },
		`--table is "wide"; it is `: func(o *write.Options) { o.Table = "wide" },
	} {
		o := good
		spoil(&o)
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v; want %q", err, says)
		}
	}
}
