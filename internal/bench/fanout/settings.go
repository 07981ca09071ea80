package fanout

import (
	"errors"
	"fmt"
	"time"

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

// most bounds the number of clients and what they are sent at once.
const (
	mostClients = 500_000
	// mostBurst keeps a client that reads below the bound of a slow one.
	mostBurst  = 2000
	mostRounds = 100
)

// Check says what is wrong.
func (s Settings) Check() error {
	switch {
	case s.Clients < 1 || s.Clients > mostClients:
		return fmt.Errorf("--clients is %d; give 1 to %d", s.Clients, mostClients)
	case s.Mode != Paced && s.Mode != Burst:
		return fmt.Errorf("--mode is %q; give paced or burst", s.Mode)
	case s.Source != FromPostgres && s.Source != FromHub:
		return fmt.Errorf("--source is %q; give postgres or hub", s.Source)
	case s.Wire != load.Native && s.Wire != load.SocketIO:
		return fmt.Errorf("--wire is %q; give native or socketio", s.Wire)
	case s.Reference && s.Wire != load.SocketIO:
		return errors.New("--reference is a server of Socket.IO; give --wire socketio with it")
	case !(s.Rate > 0 && s.Rate <= 100_000): // nor NaN
		return fmt.Errorf("--rate is %v; give changes a second from above 0 to 100000", s.Rate)
	case s.Burst < 1 || s.Burst > mostBurst:
		return fmt.Errorf("--burst is %d; give 1 to %d changes, more would make clients slow consumers", s.Burst, mostBurst)
	case s.Duration <= 0 || s.Duration > time.Hour:
		return fmt.Errorf("--duration is %s; give a time above 0, to %s", s.Duration, time.Hour)
	case s.Rounds < 1 || s.Rounds > mostRounds:
		return fmt.Errorf("--rounds is %d; give 1 to %d", s.Rounds, mostRounds)
	case s.IdleConnections < 0 || s.IdleConnections > mostClients:
		return fmt.Errorf("--idle-connections is %d; give 0 to %d", s.IdleConnections, mostClients)
	}
	return nil
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
