package fanout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"rowcast/internal/bench"
	"rowcast/internal/bench/load"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
)

// tenant is the one that clients join.
const tenant = "rowcast-bench-0"

// The modes.
const (
	Paced = "paced"
	Burst = "burst"
)

// Settings are what a user chooses; their flags say what each is.
type Settings struct {
	Clients         int
	Mode            string
	Rate            float64
	Burst           int64
	Duration        time.Duration
	Rounds          int
	IdleConnections int
}

// Bind makes flags of the settings, with their defaults.
func (s *Settings) Bind(flags *pflag.FlagSet) {
	flags.IntVar(&s.Clients, "clients", 1000, "clients, all of one tenant")
	flags.StringVar(&s.Mode, "mode", Paced, "paced: --rate changes a second, or burst: --burst at once")
	flags.Float64Var(&s.Rate, "rate", 50, "changes a second, if paced")
	flags.Int64Var(&s.Burst, "burst", 500, "changes at once, in bursts")
	flags.DurationVar(&s.Duration, "duration", 10*time.Second, "how long each side is measured")
	flags.IntVar(&s.Rounds, "rounds", 5, "turns that each side takes")
	flags.IntVar(&s.IdleConnections, "idle-connections", 10_000, "silent connections whose memory is measured; 0 leaves it out")
}

// Check says what is wrong.
func (s Settings) Check() error {
	const mostClients, mostBurst = 25_000, 2000 // for the ports of one address; more at once would make clients slow consumers
	return errors.Join(
		bench.Within("clients", s.Clients, 1, mostClients), bench.OneOf("mode", s.Mode, Paced, Burst),
		bench.Within("rate", s.Rate, 0.1, 100_000), bench.Within("burst", s.Burst, 1, mostBurst),
		bench.Within("duration", s.Duration, time.Millisecond, time.Hour), bench.Within("rounds", s.Rounds, 1, 100),
		bench.Within("idle-connections", s.IdleConnections, 0, mostClients))
}

// Sessions is how many sessions of PostgreSQL write.
func (s Settings) Sessions() int { return 0 }

// Steps is how many a run has.
func (s Settings) Steps() int { return s.Rounds + 1 }

// Measure runs the benchmark and fills the report. The caller closes the stage.
func (settings *Settings) Measure(ctx context.Context, at *stage.Stage, progress *program.Progress, report *bench.Report) error {
	s := *settings
	token, err := at.Token(tenant)
	if err != nil {
		return err
	}
	server, err := HubSide(ctx, at, s)
	if err != nil {
		return err
	}
	bare, err := at.Start(ctx, "bare writer")
	if err != nil {
		return err
	}
	sides, err := Run(ctx, s, server, bare, token, progress)
	if err := errors.Join(err, server.Process.Close()); err != nil {
		return err
	}
	idle := bench.Unknown()
	if s.IdleConnections > 0 {
		progress.Doing("holding silent connections")
		if server, err = HubSide(ctx, at, s); err != nil {
			return err
		}
		idle, err = MeasureIdle(ctx, server, load.Join{Address: server.Address, Tenant: tenant, Token: token, Clients: s.IdleConnections}, settle)
		if err != nil {
			return err
		}
	}
	progress.Step()
	Fill(report, s, sides, idle)
	return nil
}

// The bars.
const (
	pacedRatio = 1.25 // times bare write(2), for barClients
	burstCPU   = 1.3  // µs a delivery
	idleRSS    = 10   // KB a connection, with barIdle of them
	barClients = 1000
	barIdle    = 10_000
	kilobyte   = 1000
	// tooLate is from when on a side does not keep the pace.
	tooLate = 500 * time.Millisecond
	behind  = "the machine did not keep the pace"
)

// Fill puts the figures into a report: those of Rowcast and the bare writer, and of
// silent connections, in bytes each.
func Fill(report *bench.Report, s Settings, sides []*Side, idle float64) {
	report.Tables = append(report.Tables, deliveries(sides))
	server, bare := sides[0].Total, sides[1].Total
	paced := bench.Judge("pacedCpuRatio", "paced, CPU per delivery of bare write(2)", server.CPUPerDelivery()/bare.CPUPerDelivery(), bench.AtMost, pacedRatio, "x")
	late := max(server.Late, bare.Late)
	switch {
	case s.Mode != Paced:
		paced = paced.Waive("for --mode paced")
	// A server that is behind sends several events at once, which is cheaper: that does
	// not count.
	case late > tooLate && paced.Verdict == bench.Met:
		paced = paced.Waive(behind)
	case s.Clients != barClients:
		paced = paced.Waive(fmt.Sprintf("for %d clients", barClients))
	}
	burst := bench.Judge("burstCpuMicroseconds", "burst, CPU per delivery", server.CPUPerDelivery(), bench.AtMost, burstCPU, "µs")
	if s.Mode != Burst {
		burst = burst.Waive("for --mode burst")
	}
	report.Bars = append(report.Bars, paced, burst)
	if s.IdleConnections > 0 {
		t := bench.Table{Key: "idleConnections", Title: "Silent connections that have joined", Columns: []bench.Column{
			bench.Col("connections", "connections", "", 0), bench.Col("rssKilobytesPerConnection", "RSS", "KB each", 1),
		}}
		t.Add(nil, float64(s.IdleConnections), idle/kilobyte)
		rss := bench.Judge("idleRssKilobytes", "RSS per silent connection", idle/kilobyte, bench.AtMost, idleRSS, "KB")
		if s.IdleConnections != barIdle {
			rss = rss.Waive(fmt.Sprintf("for %d connections", barIdle))
		}
		report.Tables, report.Bars = append(report.Tables, t), append(report.Bars, rss)
	}
	pace := fmt.Sprintf("%v changes a second", s.Rate)
	if s.Mode == Burst {
		pace = fmt.Sprintf("bursts of %d changes", s.Burst)
	}
	report.Notes = append(report.Notes, fmt.Sprintf("Clients: %d, %s, in %d rounds in which %s and %s take turns. Every client has received every event once.",
		s.Clients, pace, s.Rounds, sides[0].Name, sides[1].Name),
		"Changes came straight into the hub: mapping, encoding and fan-out are measured, the change log is not.")
	if late > tooLate && s.Mode == Paced {
		report.Notes = append(report.Notes, fmt.Sprintf("A change or the last delivery was %.1f s late: %s. Choose a lower --rate, or fewer --clients.", late.Seconds(), behind))
	}
}

func deliveries(sides []*Side) bench.Table {
	t := bench.Table{Key: "deliveries", Title: "Deliveries", Pictures: []string{"µs/delivery"}, Columns: []bench.Column{
		bench.Col("side", "side", "", 0), bench.Col("deliveries", "deliveries", "", 0), bench.Col("bytesPerDelivery", "size", "B", 0),
		bench.Col("deliveriesPerSecond", "rate", "/s", 0), bench.Col("cpuMicrosecondsPerDelivery", "CPU", "µs/delivery", 2),
		bench.Col("latestMilliseconds", "late at most", "ms", 1),
	}}
	for _, side := range sides {
		b, n := side.Total, float64(side.Total.Deliveries)
		t.Add([]string{side.Name}, n, float64(b.Bytes)/n, n/b.Elapsed.Seconds(), b.CPUPerDelivery(), b.Late.Seconds()*1000)
	}
	return t
}
