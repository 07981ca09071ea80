package main

import (
	"context"

	"github.com/spf13/cobra"

	"rowcast/internal/bench"
	"rowcast/internal/bench/latency"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
	"rowcast/internal/config"
)

func (p *program) benchLatency() *cobra.Command {
	var (
		s   latency.Settings
		out benchOutput
	)
	cmd := &cobra.Command{
		Use:   "latency",
		Short: "Measure the time from a commit to the client",
		Long: `Measures the time from when a commit was intended until a WebSocket client has the
event, beside a bare LISTEN client that is sent the row by pg_notify, and what an
idle server costs.

The tables are in schema rowcast_bench_latency, which is dropped at the end, also
after Ctrl-C. What was captured stays in the change log until the retention has
passed, under tenants of its own: rowcast-bench-0 and on. The role must own schema
rowcast.`,
		Example: `  rowcast bench latency
  rowcast bench latency --rate 2000 --html report.html
  rowcast bench latency --database-url postgres://owner@host/shop --check`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if err := s.Check(); err != nil {
				return usageError{err}
			}
			r := &bench.Report{Name: "latency", Title: "from a commit to the client, beside bare LISTEN"}
			return p.benchOnStage(cmd, cfg, true, s.Steps(), &out, r, func(ctx context.Context, at *stage.Stage, progress *measure.Progress) error {
				return latency.Measure(ctx, at, s, progress, r)
			})
		},
	}
	s.Bind(cmd.Flags())
	out.bind(cmd.Flags())
	config.Bind(cmd.Flags(), "DATABASE_URL", "LISTEN_DATABASE_URL", "ROWCAST_NOTIFY", "ROWCAST_PG_BINDIR")
	return cmd
}
