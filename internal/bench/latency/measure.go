package latency

import (
	"context"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
)

const (
	// timeout is how long nothing may arrive.
	timeout = 10 * time.Second
	// settle is how long the server may take to go to sleep, and a session of
	// PostgreSQL that has fallen idle to count what it has done, 10 s.
	settle = 11 * time.Second
)

// Measure runs the benchmark with a server of its own and fills the report. The
// caller closes the stage.
func Measure(ctx context.Context, at *stage.Stage, s Settings, progress *measure.Progress, report *bench.Report) error {
	server, address, err := at.Serve(ctx, s.Tenants)
	if err != nil {
		return err
	}
	result, err := Run(ctx, Options{
		Settings: s, Connect: at.Connect, URL: "ws://" + address + "/ws", Token: at.Token, Usage: server.Usage,
		Settle: settle, Timeout: timeout, Doing: progress.Doing, Step: progress.Step,
	})
	if err == nil {
		result.Fill(report, s)
	}
	return err
}
