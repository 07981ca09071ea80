package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/bench"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
	"rowcast/internal/config"
)

// benchOnStage runs a benchmark with clients that fills a report, and writes
// that. If it needs a database, its servers follow the one of the
// configuration, or a private one.
func (p *program) benchOnStage(
	cmd *cobra.Command, cfg config.Config, database bool, steps int, out *benchOutput, r *bench.Report,
	run func(ctx context.Context, at *stage.Stage, progress *measure.Progress) error,
) error {
	if err := out.open(); err != nil {
		return err
	}
	defer out.close()
	r.Command, r.Time, r.Environment = commandLine(cmd), time.Now(), bench.Machine(version())
	o := stage.Options{Args: []string{"bench", "worker"}, Environ: p.environ}
	if database {
		var err error
		if o.CloseDatabase, err = p.benchDatabase(cmd.Context(), &cfg, benchSettings(0)); err != nil {
			return err
		}
	}
	o.Settings = []string{"DATABASE_URL=" + cfg.DatabaseURL, "LISTEN_DATABASE_URL=" + cfg.ListenDatabaseURL, "ROWCAST_NOTIFY=" + cfg.Notify}
	o.Connect = func(ctx context.Context) (*pgx.Conn, error) {
		return plainDial(cfg.ListenDatabaseURL)(ctx, "rowcast bench")
	}
	at := stage.New(o)
	var err error
	if database {
		err = at.Describe(cmd.Context(), &r.Environment)
	}
	if err == nil {
		progress := measure.NewProgress(p.stderr, p.stdout, out.format, steps)
		err = run(cmd.Context(), at, progress)
		progress.Close()
	}
	if err = errors.Join(err, at.Close()); err != nil {
		return err
	}
	r.Seconds = time.Since(r.Time).Seconds()
	return out.write(p.stdout, r)
}
