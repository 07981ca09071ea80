package main

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
	writebench "rowcast/internal/bench/write"
)

func (p *program) benchWrite() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "write",
		Short: "Measure what triggers cost those who write",
		Long: `Writes the same rows into three tables of one shape in turn: without triggers,
watched by Rowcast, and with the usual row trigger that calls pg_notify with the
row as JSON. Prints transactions a second, processor time and ratios, and for
COPY the size of the log. A reader follows in a process of its own.

The tables are in schema rowcast_bench, which is dropped at the end, also after
Ctrl-C. What the run wrote stays in the change log until the retention has
passed, under tenants of its own: rowcast-bench-1 to 50, and for the table orders,
whose tenants are uuids, 0be9c000-0000-4000-8000-000000000001 to 50. Its full
speed slows others on the same server; run it where that does no harm.

The role must own schema rowcast. The processor time of the server is unknown if
it runs on another machine or in a container. --commit-delay sets commit_delay,
which stands for a disk behind a network, and needs a superuser or the grant.`,
		Example: `  rowcast bench write                                  a private PostgreSQL, about five minutes
  rowcast bench write --commit-delay 2ms --rows 0
  rowcast bench write --database-url postgres://owner@host/shop --html report.html
  rowcast bench write --writers 64 --rounds 9 --check -o json`,
	}
	return benchmark(p, cmd, "what triggers cost those who write",
		func(ctx context.Context, at *stage.Stage, s writebench.Settings, progress *measure.Progress, r *bench.Report) error {
			return writebench.Run(ctx, writebench.Options{
				Settings: s, Connect: at.Dial, Progress: progress,
				StartReader: func(ctx context.Context) (*child.Child, error) { return at.Start(ctx, "reader") },
				Watch: func(ctx context.Context, conn *pgx.Conn, table, name string) error {
					_, _, _, err := watchTable(ctx, conn, p.logger(slog.LevelWarn), table, watchSettings{name: name})
					return err
				},
			}, r)
		})
}
