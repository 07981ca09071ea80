package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/output"
	"rowcast/internal/bench/stage"
	"rowcast/internal/config"
	"rowcast/internal/devpg"
)

func (p *program) bench() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure what Rowcast costs, on your database and machine",
		Long: `Measures what Rowcast costs and prints the figures beside what is wanted of them.
Without DATABASE_URL it measures on a private PostgreSQL that writes to disk as
a real one does.`,
		Example: `  rowcast bench write                       what triggers cost writers
  rowcast bench latency                     from a commit to the client
  rowcast bench fanout                      what many clients cost
  rowcast bench write -o json | jq .bars
  rowcast bench write --html report.html    with plots`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.benchWrite(), p.benchLatency(), p.benchFanout(), p.benchWorker())
	return cmd
}

// benchSettings are what a user chooses of a benchmark.
type benchSettings[S any] interface {
	*S
	Bind(flags *pflag.FlagSet)
	Check() error
	// Steps is how many the progress has.
	Steps() int
	// Sessions is how many sessions of PostgreSQL write; 0 is no database.
	Sessions() int
}

// benchmark completes the command of a benchmark, which measures on a stage and
// fills a report.
func benchmark[S any, P benchSettings[S]](p *program, cmd *cobra.Command, title string,
	run func(ctx context.Context, at *stage.Stage, s S, progress *measure.Progress, r *bench.Report) error,
) *cobra.Command {
	var (
		s   = P(new(S))
		out output.Output
	)
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(cmd.Flags(), p.environ)
		if err != nil {
			return err
		}
		if err := s.Check(); err != nil {
			return usageError{err}
		}
		if err := out.Open(); err != nil {
			return usageError{err}
		}
		defer out.Close()
		r := &bench.Report{
			Name: cmd.Name(), Title: title, Command: output.CommandLine(cmd), Time: time.Now(), Environment: bench.Machine(version()),
		}
		if busy := stage.Busy(); busy != "" {
			r.Notes = append(r.Notes, busy)
		}
		err = p.onStage(cmd.Context(), cfg, s.Sessions(), r, func(ctx context.Context, at *stage.Stage) error {
			progress := measure.NewProgress(p.stderr, p.stdout, out.Format, s.Steps())
			defer progress.Close()
			return run(ctx, at, *s, progress, r)
		})
		if err != nil {
			return err
		}
		r.Seconds = time.Since(r.Time).Seconds()
		return out.Write(p.stdout, r)
	}
	s.Bind(cmd.Flags())
	out.Bind(cmd.Flags())
	config.Bind(cmd.Flags(), "DATABASE_URL", "LISTEN_DATABASE_URL", "ROWCAST_PG_BINDIR")
	return cmd
}

// onStage runs a benchmark that has so many sessions on the database of the
// configuration, which must have been migrated, or else on a private one.
func (p *program) onStage(ctx context.Context, cfg config.Config, sessions int, r *bench.Report, run func(context.Context, *stage.Stage) error) (err error) {
	o := stage.Options{Args: []string{"bench", "worker"}, Environ: p.environ}
	switch {
	case sessions == 0:
	case cfg.HasDatabase():
		if _, err := readEpoch(ctx, cfg.ListenDatabaseURL, "rowcast bench", p.logger(slog.LevelWarn)); err != nil {
			return err
		}
	default:
		fmt.Fprintln(p.stderr, "starting PostgreSQL …")
		pg, err := embedded(ctx, &cfg, devpg.Options{Durable: true, Settings: stage.DatabaseSettings(sessions)}, false, p.logger(slog.LevelWarn))
		if err != nil {
			return err
		}
		o.Database = pg
	}
	o.URL = cfg.ListenDatabaseURL
	o.Settings = []string{"DATABASE_URL=" + cfg.DatabaseURL, "LISTEN_DATABASE_URL=" + cfg.ListenDatabaseURL, "ROWCAST_NOTIFY=" + cfg.Notify}
	at := stage.New(o)
	defer func() { err = errors.Join(err, at.Close()) }()
	if sessions > 0 {
		if err := at.Describe(ctx, &r.Environment); err != nil {
			return err
		}
	}
	return run(ctx, at)
}
