package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rowcast/internal/bench/child"
)

// readyTime is how long a server may take until events flow.
const readyTime = 10 * time.Second

// Server is a whole server.
type Server struct {
	// Address is host:port for clients.
	Address string
	// Run serves until ctx ends.
	Run func(ctx context.Context) error
	// Ready says why events do not flow yet.
	Ready func() error
	// Events is how many were encoded.
	Events func() int64
}

// Service runs a server, told by another process.
type Service struct {
	// New makes a server for a number of connections at least.
	New func(ctx context.Context, connections int) (Server, error)

	server Server
	stop   context.CancelFunc
	done   chan error
}

// Start makes a server and answers its address once events flow.
func (s *Service) Start(connections int, address *string) error {
	ctx, stop := context.WithCancel(context.Background())
	var err error
	if s.server, err = s.New(ctx, connections); err != nil {
		stop()
		return err
	}
	s.stop, s.done = stop, make(chan error, 1)
	go func() { s.done <- s.server.Run(ctx) }()
	*address = s.server.Address
	for deadline := time.Now().Add(readyTime); ; time.Sleep(10 * time.Millisecond) {
		if err = s.server.Ready(); err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server is not ready after %s: %w", readyTime, err)
		}
	}
}

// Events is how many events were encoded.
func (s *Service) Events(_ child.Nothing, events *int64) error {
	*events = s.server.Events()
	return nil
}

// Stop ends the server if there is one. It is not for other processes.
func (s *Service) Stop() error {
	if s.stop == nil {
		return nil
	}
	s.stop()
	if err := <-s.done; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
