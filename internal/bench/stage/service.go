package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rowcast/internal/operate/config"
	"rowcast/internal/service"
)

// readyTime is how long a server may take until events flow.
const readyTime = 10 * time.Second

// Service runs a whole server, controlled by another process.
type Service struct {
	// Environ has all settings of the server.
	Environ []string
	Log     *slog.Logger

	stop context.CancelFunc
	done chan error
}

// Start makes a server and returns its address once events flow.
func (s *Service) Start(_ Nothing, address *string) error {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.done = stop, make(chan error, 1)
	cfg, err := config.Load(nil, s.Environ)
	if err != nil {
		return err
	}
	server, err := service.New(ctx, cfg, s.Log, service.Listen)
	if err != nil {
		return err
	}
	force := make(chan struct{}) // clients of a benchmark know why it ends
	close(force)
	go func() {
		defer server.Close()
		s.done <- server.Run(ctx, force)
	}()
	*address = server.Public().String()
	problems := server.Problems()
	for deadline := time.Now().Add(readyTime); len(problems) > 0 && time.Now().Before(deadline); problems = server.Problems() {
		time.Sleep(10 * time.Millisecond)
	}
	if len(problems) > 0 {
		return fmt.Errorf("the server is not ready after %s: %v", readyTime, problems)
	}
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
