package devpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"rowcast/internal/demo/devpg/proc"
)

var errClosed = errors.New("the private PostgreSQL server is closed")

// Stop ends the server in order and keeps its directory; Restart starts it
// again.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop()
}

func (s *Server) stop() error {
	c := s.current()
	if c == nil || c.Ended() {
		return nil
	}
	if err := c.Stop(stopTimeout); err != nil {
		return fmt.Errorf("stop private PostgreSQL server: %w", err)
	}
	s.log.Info("private postgres stopped", "pid", c.PID())
	return nil
}

// Kill ends the postmaster as a crash would and returns when it is gone.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current().Kill()
}

// Restart starts the server again with the same directory, port and password,
// after Stop, Kill or a crash.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if !s.current().Ended() {
		return fmt.Errorf("restart private PostgreSQL server: pid %d still runs, stop it first", s.current().PID())
	}
	if err := s.launchOn(ctx); err != nil {
		return fmt.Errorf("restart private PostgreSQL server: %w", err)
	}
	return nil
}

// Close stops the server and removes its directory if it is a temporary one.
// Further calls do nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if err := s.stop(); err != nil {
		return err
	}
	s.closed = true
	if s.dir.Temporary {
		// PostgreSQL gives its shared memory back when it ends in order; after
		// a kill only the next start on the same data does.
		if n, err := readNote(s.dir.data()); err == nil && n.segment != 0 {
			proc.FreeMemory(n.segment)
		}
	}
	return s.discard()
}

// discard gives the directory back.
func (s *Server) discard() error {
	var errs []error
	if s.sockets != "" && s.sockets != s.dir.sockets() {
		errs = append(errs, os.RemoveAll(s.sockets))
	}
	if s.dir.Temporary {
		errs = append(errs, removeAll(s.dir.path))
	}
	s.dir.release()
	return errors.Join(errs...)
}

// removeAll tries again while processes of a killed server still write.
func removeAll(path string) error {
	deadline := time.Now().Add(2 * time.Second)
	for {
		err := os.RemoveAll(path)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
