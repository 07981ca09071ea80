package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/fanout/hubonly"
	"rowcast/internal/bench/stage"
	writebench "rowcast/internal/bench/write"
	"rowcast/internal/config"
)

// benchWorker is the part of a benchmark that runs in a process of its own.
func (p *program) benchWorker() *cobra.Command {
	cmd := &cobra.Command{
		Use: "worker", Hidden: true, Args: noArgs,
		Short:   "Run a part of a benchmark, as told on standard input",
		Example: "  rowcast bench worker",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			server := &stage.Service{New: p.newBenchServer}
			err = child.Serve(cmd.Context(), os.Stdin, p.stdout, map[string]any{
				"Load": new(fanout.Load), "Bare": new(fanout.Bare), "Hub": new(hubonly.Hub), "Service": server,
				"Reader": &writebench.Reader{URL: cfg.ListenDatabaseURL, Log: p.logger(slog.LevelWarn)},
			})
			return errors.Join(err, server.Stop())
		},
	}
	config.Bind(cmd.Flags(), "DATABASE_URL", "LISTEN_DATABASE_URL")
	return cmd
}

// newBenchServer is what rowcast serve runs, with all settings of the
// environment. It ends without manners: clients of a benchmark know why.
func (p *program) newBenchServer(ctx context.Context, connections int) (stage.Server, error) {
	if err := fanout.NeedFiles(connections); err != nil {
		return stage.Server{}, err
	}
	cfg, err := config.Load(nil, p.environ)
	if err != nil {
		return stage.Server{}, err
	}
	s, err := newService(ctx, cfg, p.logger(slog.LevelWarn), listen)
	if err != nil {
		return stage.Server{}, err
	}
	force := make(chan struct{})
	close(force)
	return stage.Server{
		Address: s.public.Addr().String(),
		Run: func(ctx context.Context) error {
			defer s.close()
			return s.run(ctx, force)
		},
		Ready: func() error {
			if problems := s.problems(); len(problems) > 0 {
				return fmt.Errorf("%v", problems)
			}
			return nil
		},
		Events: func() int64 { return s.hub.Stats().Events },
	}, nil
}
