package fanout

import (
	"errors"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/load"

	"github.com/spf13/pflag"
)

// What the modes and sources are called.
const (
	Paced = "paced"
	Burst = "burst"

	FromPostgres = "postgres"
	FromHub      = "hub"
)

// Settings are what a user chooses.
type Settings struct {
	// Clients of one tenant.
	Clients int
	// Mode is Paced or Burst, Source FromPostgres or FromHub, Wire one of package load.
	Mode, Source, Wire string
	// Reference has a server of socket.io on Node take turns.
	Reference bool
	// Rate is in changes a second if paced; Burst is how many there are at
	// once if not.
	Rate  float64
	Burst int64
	// Duration is how long each side is measured, in so many Rounds.
	Duration time.Duration
	Rounds   int
	// IdleConnections is how many silent connections are held; 0 is none.
	IdleConnections int
}

// Check says what is wrong.
func (s Settings) Check() error {
	const mostClients, mostBurst = 500_000, 2000 // more at once would make clients slow consumers
	if s.Reference && s.Wire != load.SocketIO {
		return errors.New("--reference is a server of Socket.IO; give --wire socketio with it")
	}
	return errors.Join(
		bench.Within("clients", s.Clients, 1, mostClients), bench.OneOf("mode", s.Mode, Paced, Burst),
		bench.OneOf("source", s.Source, FromPostgres, FromHub), bench.OneOf("wire", s.Wire, load.Native, load.SocketIO),
		bench.Within("rate", s.Rate, 0.1, 100_000), bench.Within("burst", s.Burst, 1, mostBurst),
		bench.Within("duration", s.Duration, time.Millisecond, time.Hour), bench.Within("rounds", s.Rounds, 1, 100),
		bench.Within("idle-connections", s.IdleConnections, 0, mostClients))
}

// Bind makes flags of the settings, with their defaults.
func (s *Settings) Bind(flags *pflag.FlagSet) {
	flags.IntVar(&s.Clients, "clients", 1000, "clients, all of one tenant")
	flags.StringVar(&s.Mode, "mode", Paced, "paced: --rate changes a second, or burst: --burst at once")
	flags.Float64Var(&s.Rate, "rate", 50, "changes a second, if paced")
	flags.Int64Var(&s.Burst, "burst", 500, "changes at once, in bursts")
	flags.DurationVar(&s.Duration, "duration", 10*time.Second, "how long each side is measured")
	flags.IntVar(&s.Rounds, "rounds", 5, "turns that each side takes")
	flags.StringVar(&s.Source, "source", FromPostgres, "where changes come from: postgres or hub")
	flags.StringVar(&s.Wire, "wire", load.Native, "what clients speak: native or socketio")
	flags.BoolVar(&s.Reference, "reference", false, "have a socket.io server on Node take turns; needs node, and npm once, and --wire socketio")
	flags.IntVar(&s.IdleConnections, "idle-connections", 10_000, "silent connections whose memory is measured; 0 leaves it out")
}

// Sessions is how many sessions of PostgreSQL write.
func (s Settings) Sessions() int {
	if s.Source == FromHub {
		return 0
	}
	return 1
}

// Steps is how many a run has.
func (s Settings) Steps() int { return s.Rounds + 1 }
