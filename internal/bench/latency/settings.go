package latency

import (
	"errors"
	"time"

	"rowcast/internal/bench"

	"github.com/spf13/pflag"
)

// Settings are what a user chooses.
type Settings struct {
	// Rate is in commits a second, by so many Writers at once.
	Rate    float64
	Writers int
	// Duration is how long each side is measured, in so many Blocks, each of
	// which begins with LeadIn that is not counted.
	Duration, LeadIn time.Duration
	Blocks           int
	// Idle is how long nothing is written at the end; 0 leaves that out.
	Idle time.Duration
}

// Bind makes flags of the settings, with their defaults.
func (s *Settings) Bind(flags *pflag.FlagSet) {
	flags.Float64Var(&s.Rate, "rate", 100, "commits a second")
	flags.DurationVar(&s.Duration, "duration", 10*time.Second, "how long each side is measured")
	flags.IntVar(&s.Writers, "writers", 8, "most commits at once")
	flags.IntVar(&s.Blocks, "blocks", 5, "turns that each side takes")
	flags.DurationVar(&s.LeadIn, "lead-in", 500*time.Millisecond, "beginning of each turn that is not counted")
	flags.DurationVar(&s.Idle, "idle", 10*time.Second, "how long idleness is measured; 0 leaves it out")
}

// Check says what is wrong.
func (s Settings) Check() error {
	return errors.Join(
		bench.Within("rate", s.Rate, 0.1, 100_000), bench.Within("duration", s.Duration, time.Millisecond, time.Hour),
		bench.Within("writers", s.Writers, 1, 64), bench.Within("blocks", s.Blocks, 1, 100),
		bench.Within("lead-in", s.LeadIn, 0, time.Hour), bench.Within("idle", s.Idle, 0, time.Hour))
}

// Sessions is how many sessions of PostgreSQL write.
func (s Settings) Sessions() int { return s.Writers }

// Steps is how many a run has.
func (s Settings) Steps() int { return 2*s.Blocks + 1 }
