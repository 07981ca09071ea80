package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/fanout/hubonly"
	"rowcast/internal/config"
)

// benchWorker is the part of a benchmark that runs in a process of its own,
// started by the benchmark.
func (p *program) benchWorker() *cobra.Command {
	return &cobra.Command{
		Use: "worker", Hidden: true, Args: noArgs,
		Short:   "Run a part of a benchmark, told by another process",
		Example: `  rowcast bench fanout      starts those that it needs`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := &benchService{program: p, log: p.logger(slog.LevelWarn)}
			services := map[string]any{"Load": new(fanout.Load), "Bare": new(fanout.Bare), "Hub": new(hubonly.Hub), "Service": s}
			err := child.Serve(cmd.Context(), os.Stdin, p.stdout, services)
			return errors.Join(err, s.stop())
		},
	}
}

// benchService runs what rowcast serve runs, with the settings of the
// environment.
type benchService struct {
	*program
	log     *slog.Logger
	service *service
	cancel  context.CancelFunc
	done    chan error
}

// Addresses are where the server listens.
type Addresses struct {
	// Public is host:port for clients.
	Public string
}

// Start serves until the process ends, a number of connections at least.
func (s *benchService) Start(connections int, addresses *Addresses) error {
	if err := fanout.NeedFiles(connections); err != nil {
		return err
	}
	cfg, err := config.Load(nil, s.environ)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	if s.service, err = newService(ctx, cfg, s.log, listen); err != nil {
		cancel()
		return err
	}
	s.cancel, s.done = cancel, make(chan error, 1)
	// Clients of a benchmark need no manners at the end.
	hurry := make(chan struct{})
	close(hurry)
	go func() { s.done <- s.service.run(ctx, hurry) }()
	addresses.Public = s.service.public.Addr().String()
	return s.live()
}

// live waits until events flow.
func (s *benchService) live() error {
	deadline := time.Now().Add(checkTime)
	for len(s.service.problems()) > 0 {
		if time.Now().After(deadline) {
			return fmt.Errorf("the server is not ready after %s: %v", checkTime, s.service.problems())
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// Events is how many events were encoded.
func (s *benchService) Events(_ child.Nothing, events *int64) error {
	*events = s.service.hub.Stats().Events
	return nil
}

// stop ends the server, if it was started.
func (s *benchService) stop() error {
	if s.cancel == nil {
		return nil
	}
	s.cancel()
	err := withoutCancellation(<-s.done)
	s.service.close()
	return err
}
