package latency

import (
	"context"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
)

const (
	// patience is how long nothing may arrive.
	patience = 10 * time.Second
	// settle is how long the server may take to go to sleep, and a session of
	// PostgreSQL that has fallen idle to count what it has done, 10 s.
	settle = 11 * time.Second
)

// Measure runs the benchmark with a server of its own and fills the report. The
// caller closes the stage.
func Measure(ctx context.Context, at *stage.Stage, s Settings, progress *program.Progress, report *bench.Report) error {
	server, address, err := at.Serve(ctx, s.Tenants)
	if err != nil {
		return err
	}
	result, err := Run(ctx, Options{
		Settings: s, Connect: at.Connect, URL: "ws://" + address + "/ws", Token: at.Token, Usage: server.Usage,
		Settle: settle, Patience: patience, Doing: progress.Doing, Step: progress.Step,
	})
	if err == nil {
		result.Fill(report, s)
	}
	return err
}
