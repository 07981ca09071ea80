package fanout

import (
	"context"
	"fmt"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/load"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
)

// Changes is a number of changes to make.
type Changes struct {
	Count int64
	// Bytes is the size of a frame of the bare writer.
	Bytes int
	// Rate is in changes a second, one at a time on a fixed schedule; 0 makes
	// all at once.
	Rate float64
}

// each calls do for each change when it is due, or once for all. late is the furthest
// behind its schedule that a change was made.
func (c Changes) each(do func(count int64) error) (late time.Duration, err error) {
	if c.Rate == 0 {
		return 0, do(c.Count)
	}
	pace := measure.Pace{Start: time.Now(), Rate: c.Rate, Count: c.Count}
	return pace.Each(context.Background(), 1, func(context.Context, int, int64, time.Time) error { return do(1) })
}

// Side is a server that takes turns.
type Side struct {
	Name    string
	Process *stage.Child
	// Address is for its clients, which join Tenant; bare connections join none.
	Address, Tenant string
	// Method of the process makes changes, and returns how late they were.
	Method string
	// Burst is how many changes are made at once, if not paced.
	Burst int64
	// Total is what was measured in all rounds.
	Total Block

	clients load.Load
	// sent counts the changes, bytes is what has arrived, frame the size of one.
	sent, bytes int64
	frame       int
}

// Block is one side measured for a while.
type Block struct {
	// Changes were made; Deliveries counts each once for each client, Bytes what the
	// clients received, headers of frames included.
	Changes, Deliveries, Bytes int64
	// Elapsed is the time from the first change until everybody had
	// everything; Late how far a change was behind its schedule at most, or the
	// last delivery.
	Elapsed, Late time.Duration
	// CPU is that of the process of the side.
	CPU time.Duration
}

// add adds another block; Late is that of the worst.
func (b *Block) add(other Block) {
	b.Changes += other.Changes
	b.Deliveries += other.Deliveries
	b.Bytes += other.Bytes
	b.Elapsed += other.Elapsed
	b.Late = max(b.Late, other.Late)
	b.CPU += other.CPU
}

// CPUPerDelivery is in microseconds.
func (b Block) CPUPerDelivery() float64 {
	return float64(b.CPU) / float64(time.Microsecond) / float64(b.Deliveries)
}

const (
	// timeout is how long nothing may arrive.
	timeout = 10 * time.Second
	// warmUp is how long each side runs before anything is measured.
	warmUp = time.Second
	// bareBurst bounds the bursts of the bare writer, which sends each frame
	// by itself and would take long.
	bareBurst = 50
)

// Run has Rowcast and the bare writer of another process take turns, and returns both
// with what was measured. Clients join with the token.
func Run(ctx context.Context, s Settings, server *Side, writer *stage.Child, token string, progress *program.Progress) ([]*Side, error) {
	bare := &Side{Name: "bare write(2)", Process: writer, Method: "Bare.Write", Burst: min(s.Burst, bareBurst)}
	if err := writer.Call(ctx, "Bare.Listen", s.Clients, &bare.Address); err != nil {
		return nil, err
	}
	sides := []*Side{server, bare}
	progress.Doing("connecting")
	for _, side := range sides {
		defer side.clients.Leave()
		join := load.Join{Address: side.Address, Tenant: side.Tenant, Token: token, Clients: s.Clients}
		if err := side.clients.Join(join); err != nil {
			return nil, fmt.Errorf("connect %d clients to %s at %s: %w", s.Clients, side.Name, side.Address, err)
		}
	}
	block := s.Duration / time.Duration(s.Rounds)
	progress.Doing("warming up")
	for _, side := range sides {
		warm, err := s.measure(ctx, side, min(warmUp, block))
		if err != nil {
			return nil, err
		}
		if side == server { // the first events say how large a frame is
			bare.frame = int(warm.Bytes / max(1, warm.Deliveries))
		}
	}
	progress.Doing("measuring")
	for n := range s.Rounds {
		for i := range sides {
			side := sides[(n+i)%len(sides)]
			b, err := s.measure(ctx, side, block)
			if err != nil {
				return nil, err
			}
			side.Total.add(b)
		}
		progress.Step()
	}
	return sides, nil
}

// measure runs one side for about d and waits until everything has arrived.
func (s Settings) measure(ctx context.Context, side *Side, d time.Duration) (b Block, err error) {
	before, err := side.Process.Usage(ctx)
	if err != nil {
		return b, err
	}
	changes := Changes{Count: side.Burst, Bytes: side.frame}
	if s.Mode == Paced {
		changes.Count, changes.Rate = max(1, int64(d.Seconds()*s.Rate)), s.Rate
	}
	begin := time.Now()
	for first := true; first || s.Mode == Burst && time.Since(begin) < d; first = false {
		if err := s.push(ctx, side, changes, &b); err != nil {
			return b, err
		}
	}
	b.Elapsed = time.Since(begin)
	if s.Mode == Paced {
		// A client that gets an event late is late as well.
		due := time.Duration(float64(b.Changes-1) / s.Rate * float64(time.Second))
		b.Late = max(b.Late, b.Elapsed-due)
	}
	after, err := side.Process.Usage(ctx)
	b.CPU = after.CPU - before.CPU
	return b, err
}

// push makes changes, waits until everybody has them and adds them up.
func (s Settings) push(ctx context.Context, side *Side, c Changes, b *Block) error {
	var late time.Duration
	if err := side.Process.Call(ctx, side.Method, c, &late); err != nil {
		return fmt.Errorf("make %d changes for %s: %w", c.Count, side.Name, err)
	}
	side.sent += c.Count
	_, bytes, err := side.clients.Await(ctx, side.sent, timeout)
	if err != nil {
		return fmt.Errorf("await %d changes of %s: %w", c.Count, side.Name, err)
	}
	b.add(Block{Changes: c.Count, Deliveries: c.Count * int64(s.Clients), Bytes: bytes - side.bytes, Late: late})
	side.bytes = bytes
	return nil
}

const (
	// firstConnections are made before memory is compared, so that what a process
	// needs once is not counted.
	firstConnections = 100
	// settle is how long a server with silent connections is left alone.
	settle = 2 * time.Second
)

// MeasureIdle joins connections that nothing is sent to, to a server that had none, and
// returns the resident memory of one, in bytes. settle is how long the server is left alone
// before it is measured.
func MeasureIdle(ctx context.Context, s *Side, j load.Join, settle time.Duration) (float64, error) {
	var clients load.Load
	defer clients.Leave()
	all := j.Clients
	var rss [2]int64
	for i, n := range []int{firstConnections, all} {
		j.Clients = n
		if err := clients.Join(j); err != nil {
			return 0, fmt.Errorf("connect %d idle clients: %w", n, err)
		}
		select {
		case <-time.After(settle):
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
		if i == 0 { // the garbage of the start is not that of connections
			if err := s.Process.Call(ctx, "Process.Collect", stage.Nothing{}, &stage.Nothing{}); err != nil {
				return 0, err
			}
		}
		used, err := s.Process.Usage(ctx)
		if err != nil {
			return 0, err
		}
		rss[i] = used.RSS
	}
	if rss[0] == 0 { // the system does not report it
		return bench.Unknown(), nil
	}
	return float64(rss[1]-rss[0]) / float64(all), nil
}
