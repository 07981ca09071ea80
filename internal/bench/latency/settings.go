package latency

import (
	"fmt"
	"time"

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

// What can be asked for.
const (
	mostRate    = 100_000
	mostWriters = 64
	mostBlocks  = 100
	mostTime    = time.Hour
)

// Check says what is wrong.
func (s Settings) Check() error {
	switch {
	case !(s.Rate > 0 && s.Rate <= mostRate): // nor NaN
		return fmt.Errorf("--rate is %v; give commits a second from above 0 to %d", s.Rate, mostRate)
	case s.Duration <= 0 || s.Duration > mostTime:
		return fmt.Errorf("--duration is %s; give one above 0, to %s", s.Duration, mostTime)
	case s.Writers < 1 || s.Writers > mostWriters:
		return fmt.Errorf("--writers is %d; give 1 to %d", s.Writers, mostWriters)
	case s.Blocks < 1 || s.Blocks > mostBlocks:
		return fmt.Errorf("--blocks is %d; give 1 to %d", s.Blocks, mostBlocks)
	case s.LeadIn < 0 || s.LeadIn > mostTime:
		return fmt.Errorf("--lead-in is %s; give 0 to %s", s.LeadIn, mostTime)
	case s.Idle < 0 || s.Idle > mostTime:
		return fmt.Errorf("--idle is %s; give 0 to %s", s.Idle, mostTime)
	}
	return nil
}

// Sessions is how many sessions of PostgreSQL write.
func (s Settings) Sessions() int { return s.Writers }

// Steps is how many a run has.
func (s Settings) Steps() int { return 2*s.Blocks + 1 }
