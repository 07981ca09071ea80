package write

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"rowcast/internal/bench"

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

// Check refuses settings that cannot be measured.
func (s Settings) Check() error {
	const mostWriters, mostRows = 1000, 10_000_000
	if len(s.Writers) == 0 || slices.ContainsFunc(s.Writers, func(n int) bool { return n < 1 || n > mostWriters }) {
		return fmt.Errorf("--writers is %v; give numbers from 1 to %d, as in 1,16,64", s.Writers, mostWriters)
	}
	_, err := shapeOf(s.Table)
	return errors.Join(err,
		bench.Within("rounds", s.Rounds, 1, 100), bench.Within("duration", s.Duration, 10*time.Millisecond, time.Hour),
		bench.Within("rows", s.Rows, 0, mostRows), bench.Within("commit-delay", s.CommitDelay, 0, 100*time.Millisecond))
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
