package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/bench"
	"rowcast/internal/config"
	"rowcast/internal/devpg"
	"rowcast/internal/postgres"
)

func (p *program) bench() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure what Rowcast costs, on your database and machine",
		Long: `Measures what Rowcast costs and prints the figures beside what is wanted of them.
Without DATABASE_URL it measures on a private PostgreSQL that writes to disk as
a real one does.`,
		Example: `  rowcast bench write                       what triggers cost writers
  rowcast bench write -o json | jq .bars
  rowcast bench write --html report.html    with plots`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError{unknownCommand(cmd, args[0])}
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.benchWrite(), p.benchLatency(), p.benchFanout(), p.benchReader(), p.benchWorker())
	return cmd
}

// benchOutput is how a benchmark reports.
type benchOutput struct {
	format, html string
	check        bool

	file *os.File
}

func (o *benchOutput) bind(flags *pflag.FlagSet) {
	flags.StringVarP(&o.format, "output", "o", "text", "text, or json")
	flags.StringVar(&o.html, "html", "", "also write the report with plots to this file")
	flags.BoolVar(&o.check, "check", false, "exit with 1 if a bar is missed")
}

// open refuses what could not be written at the end. The caller closes.
func (o *benchOutput) open() (err error) {
	if o.format != "text" && o.format != "json" {
		return usageError{fmt.Errorf("-o is %q; it is text or json", o.format)}
	}
	if o.html == "" {
		return nil
	}
	if o.file, err = os.CreateTemp(filepath.Dir(o.html), ".rowcast-bench-*.html"); err != nil {
		return usageError{fmt.Errorf("--html %s cannot be written: %w", o.html, err)}
	}
	return nil
}

// close removes what was not finished.
func (o *benchOutput) close() {
	if o.file != nil {
		_ = o.file.Close() // closed already if it was finished
		_ = os.Remove(o.file.Name())
	}
}

// write reports on stdout and, if asked, as a file that appears as a whole.
func (o *benchOutput) write(stdout io.Writer, r *bench.Report) error {
	render := r.Text
	if o.format == "json" {
		render = r.JSON
	}
	if err := render(stdout); err != nil {
		return err
	}
	if o.file != nil {
		const readable = 0o644
		err := errors.Join(r.HTML(o.file), o.file.Chmod(readable), o.file.Close())
		if err == nil {
			err = os.Rename(o.file.Name(), o.html)
		}
		if err != nil {
			return fmt.Errorf("write --html %s: %w", o.html, err)
		}
	}
	if o.check && !r.Met() {
		return errMissed(r)
	}
	return nil
}

// errMissed names the bars that were missed.
func errMissed(r *bench.Report) error {
	var names []string
	for _, b := range r.Bars {
		if b.Verdict == bench.Missed {
			names = append(names, b.Name)
		}
	}
	return fmt.Errorf("missed: %s", strings.Join(names, "; "))
}

// commandLine is what was asked, without what may hold a password.
func commandLine(cmd *cobra.Command) string {
	words := []string{cmd.CommandPath()}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case strings.HasSuffix(f.Name, "database-url") || f.Name == "html":
		case f.Value.Type() == "bool":
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name, strings.Trim(f.Value.String(), "[]"))
		}
	})
	return strings.Join(words, " ")
}

// benchDatabase is the database to measure on: the one that is configured,
// which must have been migrated, or else a private one that writes to disk,
// made with settings and gone after close.
func (p *program) benchDatabase(ctx context.Context, cfg *config.Config, settings map[string]string) (closeDatabase func() error, err error) {
	log := p.logger(slog.LevelWarn)
	if cfg.HasDatabase() {
		return func() error { return nil }, withConn(ctx, cfg.ListenDatabaseURL, "rowcast bench", func(ctx context.Context, c *pgx.Conn) error {
			var feed string
			if err := c.QueryRow(ctx, feedQuery).Scan(&feed); err != nil {
				return fmt.Errorf("check the database: %w", postgres.Explain(err))
			}
			return nil
		})
	}
	fmt.Fprintln(p.stderr, "starting PostgreSQL …")
	pg, err := devpg.Start(ctx, devpg.Options{BinDir: cfg.PGBinDir, Durable: true, Settings: settings, Log: log})
	if err != nil {
		return nil, err
	}
	cfg.DatabaseURL = pg.DSN("postgres")
	cfg.ListenDatabaseURL = cfg.DatabaseURL
	migrator := postgres.Migrator{URL: cfg.DatabaseURL, Log: log}
	if _, err := migrator.Up(ctx); err != nil {
		return nil, errors.Join(err, pg.Close())
	}
	return pg.Close, nil
}

// plainDial connects with the settings of the server, as an application does.
func plainDial(url string) func(ctx context.Context, name string) (*pgx.Conn, error) {
	return func(ctx context.Context, name string) (*pgx.Conn, error) {
		c, err := pgx.ParseConfig(url)
		if err != nil {
			return nil, fmt.Errorf("parse the database URL: %w", err)
		}
		c.RuntimeParams["application_name"] = name
		conn, err := pgx.ConnectConfig(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("connect to the database: %w", err)
		}
		return conn, nil
	}
}
