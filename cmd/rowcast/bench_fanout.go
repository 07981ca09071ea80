package main

import (
	"context"

	"github.com/spf13/cobra"

	"rowcast/internal/bench"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/fanout/drive"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
	"rowcast/internal/config"
)

func (p *program) benchFanout() *cobra.Command {
	var (
		s   fanout.Settings
		out benchOutput
	)
	cmd := &cobra.Command{
		Use:   "fanout",
		Short: "Measure what pushing events to many clients costs",
		Long: `Measures what the server uses for each event that it delivers, beside a process
that does nothing but write(2) of as many bytes to as many connections, and the
memory of connections that are silent. Server, clients and bare writer are
processes of their own. Changes come from PostgreSQL, or with --source hub
straight into the hub.

The table is in schema rowcast_bench_fanout, which is dropped at the end, also
after Ctrl-C. What was captured stays in the change log until the retention has
passed, under tenants of its own: rowcast-bench-0 and on. The role must own schema
rowcast.`,
		Example: `  rowcast bench fanout
  rowcast bench fanout --mode burst --source hub
  rowcast bench fanout --clients 5000 --tenants 100 --rate 20 --html report.html`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if err := s.Check(); err != nil {
				return usageError{err}
			}
			r := &bench.Report{Name: "fanout", Title: "events to many clients, beside bare write(2)"}
			database := s.Source == fanout.FromPostgres
			return p.benchOnStage(cmd, cfg, database, s.Steps(), &out, r, func(ctx context.Context, at *stage.Stage, progress *measure.Progress) error {
				return drive.Measure(ctx, at, s, progress, r)
			})
		},
	}
	s.Bind(cmd.Flags())
	out.bind(cmd.Flags())
	config.Bind(cmd.Flags(), "DATABASE_URL", "LISTEN_DATABASE_URL", "ROWCAST_NOTIFY", "ROWCAST_PG_BINDIR")
	return cmd
}
