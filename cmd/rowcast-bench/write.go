package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/bench"
	"rowcast/internal/bench/instructions"
	"rowcast/internal/bench/stage"
	"rowcast/internal/bench/write"
	"rowcast/internal/command/program"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/embedded"
	"rowcast/internal/operate/config"
)

func (p *commands) write() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "write",
		Short: "Measure what triggers cost those who write",
		Long: `Writes the same rows into three tables of one shape in turn: without triggers,
watched by Rowcast, and with the usual row trigger that calls pg_notify with the
row as JSON. Prints transactions a second, processor time and ratios, and for
COPY the size of the log. A whole server follows in a process of its own.

On a private PostgreSQL it also counts the instructions of one insert, update,
delete and upsert on a narrow table, watched and not. That needs valgrind, as
from "apt install valgrind", and takes about half a minute. These figures are
the same however busy the machine is.

The tables are in schema rowcast_bench, which is dropped at the end, also after
Ctrl-C. What the run wrote stays in the change log until the retention has
passed, under tenants of its own: rowcast-bench-1 to 50, and for the table orders,
whose tenants are uuids, 0be9c000-0000-4000-8000-000000000001 to 50. Its full
speed slows others on the same server; run it where that does no harm.

The role must own schema rowcast. The processor time of the server is unknown if
it runs on another machine or in a container. --commit-delay sets commit_delay,
which stands for a disk behind a network, and needs a superuser or the grant.`,
		Example: `  rowcast-bench write                                  a private PostgreSQL, about five minutes
  rowcast-bench write --commit-delay 2ms --rows 0
  rowcast-bench write --database-url postgres://owner@host/shop --plots .
  rowcast-bench write --writers 64 --rounds 9 --check -o json
  rowcast-bench write --writers 1 --rounds 1 --rows 0  little but instructions`,
	}
	return benchmark(p, cmd, "what triggers cost those who write",
		func(ctx context.Context, at *stage.Stage, s writeSettings, progress *program.Progress, r *bench.Report) error {
			cfg, err := config.Load(cmd.Flags(), p.Environ)
			if err != nil {
				return err
			}
			// First: what fails shall not take minutes of measurements along.
			counted := instructions.None("they are counted on a private PostgreSQL alone; run this without DATABASE_URL")
			if !cfg.HasDatabase() {
				counted, err = instructions.Run(ctx, instructions.Options{
					Settings: s.Instructions, Progress: progress,
					Start: func(ctx context.Context, o devpg.Options) (*devpg.Server, error) {
						cfg := cfg // of that server
						return embedded.Start(ctx, &cfg, o, false, p.Logger(slog.LevelWarn))
					},
				})
				if err != nil {
					return err
				}
			}
			if err := write.Run(ctx, at, s.Settings, progress, r); err != nil {
				return err
			}
			counted.Report(r)
			return nil
		})
}

// writeSettings are those of both parts of the benchmark.
type writeSettings struct {
	write.Settings
	Instructions instructions.Settings
}

func (s *writeSettings) Bind(flags *pflag.FlagSet) {
	s.Settings.Bind(flags)
	s.Instructions.Bind(flags)
}

func (s writeSettings) Check() error { return errors.Join(s.Settings.Check(), s.Instructions.Check()) }
func (s writeSettings) Steps() int   { return s.Settings.Steps() + s.Instructions.Steps() }
