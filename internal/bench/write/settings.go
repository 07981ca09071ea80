package write

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"
)

// Settings are what a user chooses.
type Settings struct {
	// Writers are the numbers of writers of single-row transactions.
	Writers []int
	// Rounds is how often everything is measured.
	Rounds int
	// Duration is how long the writers of one measurement write.
	Duration time.Duration
	// Rows is how many one COPY writes; 0 leaves COPY out.
	Rows int
	// Table is the shape of the table: orders or narrow.
	Table string
	// CommitDelay is set as commit_delay for the writers, with commit_siblings
	// 0, to stand for a disk behind a network.
	CommitDelay time.Duration
}

// Bind makes flags of the settings, with their defaults.
func (s *Settings) Bind(flags *pflag.FlagSet) {
	flags.IntSliceVar(&s.Writers, "writers", []int{1, 16, 64}, "numbers of writers, comma-separated")
	flags.IntVar(&s.Rounds, "rounds", 5, "how often everything is measured")
	flags.DurationVar(&s.Duration, "duration", 3*time.Second, "how long the writers of one measurement write")
	flags.IntVar(&s.Rows, "rows", 500_000, "rows of one COPY; 0 leaves it out")
	flags.StringVar(&s.Table, "table", "orders", "shape of the table: orders, or narrow, the worst case for a trigger")
	flags.DurationVar(&s.CommitDelay, "commit-delay", 0, "commit_delay of the writers (default that of the server)")
}

const (
	maxWriters     = 1000
	maxRows        = 10_000_000
	maxCommitDelay = 100 * time.Millisecond // PostgreSQL's
)

// Check refuses settings that cannot be measured.
func (s Settings) Check() error {
	var errs []error
	if len(s.Writers) == 0 || slices.ContainsFunc(s.Writers, func(n int) bool { return n < 1 || n > maxWriters }) {
		errs = append(errs, fmt.Errorf("--writers is %v; give numbers from 1 to %d, as in 1,16,64", s.Writers, maxWriters))
	}
	if s.Rounds < 1 || s.Rounds > 100 {
		errs = append(errs, fmt.Errorf("--rounds is %d; give a number from 1 to 100", s.Rounds))
	}
	if s.Duration < 10*time.Millisecond || s.Duration > time.Hour {
		errs = append(errs, fmt.Errorf("--duration is %s; give a time from 10ms to 1h", s.Duration))
	}
	if s.Rows < 0 || s.Rows > maxRows {
		errs = append(errs, fmt.Errorf("--rows is %d; give a number from 0, for no COPY, to %d", s.Rows, maxRows))
	}
	if s.CommitDelay < 0 || s.CommitDelay > maxCommitDelay {
		errs = append(errs, fmt.Errorf("--commit-delay is %s; PostgreSQL takes 0 to %s", s.CommitDelay, maxCommitDelay))
	}
	if _, err := shapeOf(s.Table); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Sessions is how many sessions of PostgreSQL write.
func (s Settings) Sessions() int { return slices.Max(s.Writers) }

// Steps is how many a run has.
func (s Settings) Steps() int { return s.Rounds * len(s.loads()) * len(variants()) }

// loads are the numbers of writers, and 0 for COPY.
func (s Settings) loads() []int {
	if s.Rows == 0 {
		return s.Writers
	}
	return append(slices.Clone(s.Writers), 0)
}
