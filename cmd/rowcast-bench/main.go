// Rowcast-bench measures what Rowcast costs and prints the figures beside what is
// wanted of them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/embedded"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/service"
)

func main() { program.Main(newRoot) }

// commands makes the commands.
type commands struct{ *program.Program }

func newRoot(p *program.Program) *cobra.Command {
	c := &commands{p}
	root := p.Root(&cobra.Command{
		Use:   "rowcast-bench",
		Short: "Measure what Rowcast costs, on your database and machine",
		Long: `Measures what Rowcast costs and prints the figures beside what is wanted of them.
Without DATABASE_URL it measures on a private PostgreSQL that writes to disk as
a real one does.`,
		Example: `  rowcast-bench write                       what triggers cost writers
  rowcast-bench latency                     from a commit to the client
  rowcast-bench fanout                      what many clients cost
  rowcast-bench write -o json | jq .bars
  rowcast-bench write --plots .             with pictures`,
	})
	root.AddCommand(c.write(), c.latency(), c.fanout(), c.worker())
	return root
}

// settings are what a user chooses of a benchmark.
type settings[S any] interface {
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
func benchmark[S any, P settings[S]](p *commands, cmd *cobra.Command, title string,
	run func(ctx context.Context, at *stage.Stage, s S, progress *program.Progress, r *bench.Report) error,
) *cobra.Command {
	var (
		s   = P(new(S))
		out output
	)
	cmd.Args = program.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(cmd.Flags(), p.Environ)
		if err != nil {
			return err
		}
		if err := errcode.Misuse(errors.Join(s.Check(), out.check())); err != nil {
			return err
		}
		r := &bench.Report{
			Name: cmd.Name(), Title: title, Command: commandLine(cmd), Time: time.Now(), Environment: bench.Machine(service.Version()),
		}
		err = p.onStage(cmd.Context(), cfg, s.Sessions(), r, func(ctx context.Context, at *stage.Stage) error {
			progress := program.NewProgress(p.Stderr, p.Stdout, out.format, s.Steps())
			defer progress.Close()
			return run(ctx, at, *s, progress, r)
		})
		if err != nil {
			return otherwise("benchmark-failed", err)
		}
		r.Seconds = time.Since(r.Time).Seconds()
		return otherwise("bar-missed", out.write(p.Stdout, r))
	}
	s.Bind(cmd.Flags())
	out.bind(cmd.Flags())
	config.Bind(cmd.Flags(), "DATABASE_URL", "LISTEN_DATABASE_URL", "ROWCAST_PG_BINDIR")
	return cmd
}

// otherwise gives an error a code unless it has one.
func otherwise(code errcode.Code, err error) error {
	if err == nil || program.CodeOf(err) != errcode.Unexpected {
		return err
	}
	return errcode.With(code, err)
}

// onStage runs a benchmark that has so many sessions on the database of the
// configuration, which must have been migrated, or else on a private one.
func (p *commands) onStage(ctx context.Context, cfg config.Config, sessions int, r *bench.Report, run func(context.Context, *stage.Stage) error) (err error) {
	o := stage.Options{Args: []string{"worker"}, Environ: p.Environ}
	switch {
	case sessions == 0:
	case cfg.HasDatabase():
		if _, err := service.ReadFeed(ctx, cfg.ListenDatabaseURL, "rowcast-bench", p.Logger(slog.LevelWarn)); err != nil {
			return err
		}
	default:
		fmt.Fprintln(p.Stderr, "starting PostgreSQL …")
		pg, err := embedded.Start(ctx, &cfg, devpg.Options{Durable: true, Settings: stage.DatabaseSettings(sessions)}, false, p.Logger(slog.LevelWarn))
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

// worker is the part of a benchmark that runs in a process of its own.
func (p *commands) worker() *cobra.Command {
	return &cobra.Command{
		Use: "worker", Hidden: true, Args: program.NoArgs,
		Short:   "Run a part of a benchmark, as told on standard input",
		Example: "  rowcast-bench worker",
		RunE: func(cmd *cobra.Command, _ []string) error {
			server := &stage.Service{Environ: p.Environ, Log: p.Logger(slog.LevelWarn)}
			err := child.Serve(cmd.Context(), os.Stdin, p.Stdout, map[string]any{
				"Bare": new(fanout.Bare), "Hub": new(fanout.Hub), "Service": server,
			})
			return errors.Join(err, server.Stop())
		},
	}
}
