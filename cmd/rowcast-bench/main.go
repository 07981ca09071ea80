// Rowcast-bench measures what Rowcast costs and prints the figures beside what is
// wanted of them.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/bench"
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
type settings interface {
	Bind(flags *pflag.FlagSet)
	Check() error
	// Steps is how many the progress has.
	Steps() int
	// Sessions is how many sessions of PostgreSQL write; 0 is no database.
	Sessions() int
}

// measurement is a benchmark on a stage, which fills a report.
type measurement func(ctx context.Context, at *stage.Stage, progress *program.Progress, r *bench.Report) error

// benchmark completes the command of a benchmark.
func (p *commands) benchmark(cmd *cobra.Command, title string, s settings, run measurement) *cobra.Command {
	var out output
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
		if err = p.onStage(cmd.Context(), cfg, s, out.format, r, run); err != nil {
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

// onStage runs a benchmark on the database of the configuration, which must have been
// migrated, or else on a private one.
func (p *commands) onStage(ctx context.Context, cfg config.Config, s settings, format string, r *bench.Report, run measurement) (err error) {
	o := stage.Options{Args: []string{"worker"}, Environ: p.Environ}
	if s.Sessions() > 0 && cfg.HasDatabase() {
		if _, err := service.ReadFeed(ctx, cfg.ListenDatabaseURL, "rowcast-bench", p.Logger(slog.LevelWarn)); err != nil {
			return err
		}
	} else if s.Sessions() > 0 {
		fmt.Fprintln(p.Stderr, "starting PostgreSQL …")
		if o.Database, err = p.private(ctx, &cfg, devpg.Options{Durable: true, Settings: stage.DatabaseSettings(s.Sessions())}); err != nil {
			return err
		}
	}
	o.URL = cfg.ListenDatabaseURL
	o.Settings = []string{"DATABASE_URL=" + cfg.DatabaseURL, "LISTEN_DATABASE_URL=" + cfg.ListenDatabaseURL, "ROWCAST_NOTIFY=" + cfg.Notify}
	at := stage.New(o)
	defer func() { err = errors.Join(err, at.Close()) }()
	progress := program.NewProgress(p.Stderr, p.Stdout, format, s.Steps())
	defer progress.Close()
	return run(ctx, at, progress, r)
}

// private starts a private PostgreSQL, to which cfg leads afterwards.
func (p *commands) private(ctx context.Context, cfg *config.Config, o devpg.Options) (*devpg.Server, error) {
	return embedded.Start(ctx, cfg, o, false, p.Logger(slog.LevelWarn))
}

// worker is the part of a benchmark that runs in a process of its own.
func (p *commands) worker() *cobra.Command {
	return &cobra.Command{
		Use: "worker", Hidden: true, Args: program.NoArgs,
		Short:   "Run a part of a benchmark, as standard input says",
		Example: "  rowcast-bench worker",
		RunE: func(cmd *cobra.Command, _ []string) error {
			server := &stage.Service{Environ: p.Environ, Log: p.Logger(slog.LevelWarn)}
			err := stage.Serve(cmd.Context(), os.Stdin, os.Stdout, map[string]any{
				"Bare": new(fanout.Bare), "Hub": new(fanout.Hub), "Service": server,
			})
			return errors.Join(err, server.Stop())
		},
	}
}

// output is where a report goes, as a user asks for.
type output struct {
	format string
	// plots is a directory for pictures, empty for none.
	plots string
	// strict makes a missed bar an error.
	strict bool
}

func (o *output) bind(flags *pflag.FlagSet) {
	flags.StringVarP(&o.format, "output", "o", "text", "text, or json")
	flags.StringVar(&o.plots, "plots", "", "also write pictures of the tables into this directory, as SVG")
	flags.BoolVar(&o.strict, "check", false, "exit with 1 if a bar is missed")
}

// check refuses what could not be written at the end.
func (o *output) check() error {
	if at, err := os.Stat(o.plots); o.plots != "" && (err != nil || !at.IsDir()) {
		return fmt.Errorf("--plots is %q, which is no directory; make it first", o.plots)
	}
	return bench.OneOf("output", o.format, "text", "json")
}

// write reports on stdout and, if asked, as pictures.
func (o *output) write(stdout io.Writer, r *bench.Report) error {
	render := r.Text
	if o.format == "json" {
		render = r.JSON
	}
	err := render(stdout)
	for _, t := range r.Tables {
		for _, unit := range t.Pictures {
			if o.plots != "" {
				err = errors.Join(err, o.draw(r.Name, t, unit))
			}
		}
	}
	if missed := r.Missed(); err == nil && o.strict && len(missed) > 0 {
		return fmt.Errorf("missed: %s", strings.Join(missed, "; "))
	}
	return err
}

// draw writes the picture of a unit, under the name of its first column.
func (o *output) draw(report string, t bench.Table, unit string) error {
	var picture bytes.Buffer
	if err := t.SVG(&picture, unit); err != nil {
		return err
	}
	first := slices.IndexFunc(t.Columns, func(c bench.Column) bool { return c.Unit == unit })
	const readable = 0o644
	return os.WriteFile(filepath.Join(o.plots, report+"-"+t.Key+"-"+t.Columns[first].Key+".svg"), picture.Bytes(), readable)
}

// commandLine is what was asked, without what may hold a password.
func commandLine(cmd *cobra.Command) string {
	words := []string{cmd.CommandPath()}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case strings.HasSuffix(f.Name, "database-url") || f.Name == "plots":
		case f.Value.Type() == "bool":
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name, strings.Trim(f.Value.String(), "[]"))
		}
	})
	return strings.Join(words, " ")
}
