package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/measure"
	writebench "rowcast/internal/bench/write"
	"rowcast/internal/config"
	"rowcast/internal/postgres"
)

func (p *program) benchWrite() *cobra.Command {
	var (
		o   writebench.Options
		out benchOutput
	)
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
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if err := o.Check(); err != nil {
				return usageError{err}
			}
			if err := out.open(); err != nil {
				return err
			}
			defer out.close()
			return p.measureWrites(cmd, cfg, o, &out)
		},
	}
	flags := cmd.Flags()
	flags.IntSliceVar(&o.Writers, "writers", []int{1, 16, 64}, "numbers of writers, comma-separated")
	flags.IntVar(&o.Rounds, "rounds", 5, "how often everything is measured")
	flags.DurationVar(&o.Duration, "duration", 3*time.Second, "how long the writers of one measurement write")
	flags.IntVar(&o.Rows, "rows", 500_000, "rows of one COPY; 0 leaves it out")
	flags.StringVar(&o.Table, "table", "orders", "shape of the table: orders, or narrow, the worst case for a trigger")
	flags.DurationVar(&o.CommitDelay, "commit-delay", 0, "commit_delay of the writers (default that of the server)")
	out.bind(flags)
	config.Bind(flags, "DATABASE_URL", "LISTEN_DATABASE_URL", "ROWCAST_PG_BINDIR")
	return cmd
}

// benchSettings are those of the private PostgreSQL: large enough that no
// checkpoint and no cache decides which table looks better.
func benchSettings(connections int) map[string]string {
	return map[string]string{
		"shared_buffers": "256MB", "max_wal_size": "4GB", "max_connections": strconv.Itoa(max(100, connections+20)),
	}
}

// measureWrites runs the benchmark and reports.
func (p *program) measureWrites(cmd *cobra.Command, cfg config.Config, o writebench.Options, out *benchOutput) (err error) {
	ctx := cmd.Context()
	closeDatabase, err := p.benchDatabase(ctx, &cfg, benchSettings(slices.Max(o.Writers)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDatabase()) }()
	o.Progress = measure.NewProgress(p.stderr, p.stdout, out.format, writebench.Steps(o))
	defer o.Progress.Close()
	o.Connect = plainDial(cfg.ListenDatabaseURL)
	o.Watch = func(ctx context.Context, conn *pgx.Conn, table, name string) error {
		_, _, err := watchTable(ctx, conn, p.logger(slog.LevelWarn), table, watchSettings{name: name})
		return err
	}
	o.StartReader = p.startReader(cfg)
	began := time.Now()
	report := &bench.Report{
		Name: "write", Title: "what triggers cost those who write, on the table " + o.Table,
		Command: commandLine(cmd), Time: began, Environment: bench.Machine(version()),
	}
	if err := writebench.Run(ctx, o, report); err != nil {
		return err
	}
	o.Progress.Close()
	report.Seconds = time.Since(began).Seconds()
	return out.write(p.stdout, report)
}

// startReader runs this program once more, as a reader of the database.
func (p *program) startReader(cfg config.Config) func(ctx context.Context) (*child.Child, error) {
	return func(ctx context.Context) (*child.Child, error) {
		path, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the own program: %w", err)
		}
		environ := append(slices.Clone(p.environ), "DATABASE_URL="+cfg.DatabaseURL, "LISTEN_DATABASE_URL="+cfg.ListenDatabaseURL)
		return child.Start(ctx, "reader", child.Spec{Path: path, Args: []string{"bench", "reader"}, Environ: environ})
	}
}

// benchReader is the other end of startReader.
func (p *program) benchReader() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "reader",
		Hidden:  true,
		Short:   "Read what bench write writes, as told on standard input",
		Example: "  rowcast bench reader",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.database(cmd)
			if err != nil {
				return err
			}
			pool, err := postgres.Open(cmd.Context(), cfg.ListenDatabaseURL, "rowcast bench history", 2)
			if err != nil {
				return err
			}
			defer pool.Close()
			reader := &writebench.Reader{
				Connect: func(ctx context.Context, name string) (*pgx.Conn, error) {
					return postgres.Connect(ctx, cfg.ListenDatabaseURL, name)
				},
				Pool: pool, Log: p.logger(slog.LevelWarn),
			}
			return child.Serve(cmd.Context(), os.Stdin, p.stdout, map[string]any{"Reader": reader})
		},
	}
	config.Bind(cmd.Flags(), "DATABASE_URL", "LISTEN_DATABASE_URL")
	return cmd
}
