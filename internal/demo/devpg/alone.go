package devpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rowcast/internal/demo/devpg/proc"
)

// Copy is a copy of the data of a stopped server. It serves one session at a
// time, without a server: "postgres --single".
type Copy struct {
	in   installation
	path string
}

// Copy copies the data of the server, which must be stopped, with its settings.
// The caller closes the copy, before the server.
func (s *Server) Copy(ctx context.Context) (*Copy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, errClosed
	case !s.current().Ended():
		return nil, fmt.Errorf("copy the data of the private PostgreSQL server: pid %d still runs, stop it first", s.current().PID())
	}
	// Beside the data, because the configuration includes what is one level up.
	path, err := os.MkdirTemp(s.dir.path, "copy-")
	if err != nil {
		return nil, fmt.Errorf("copy the data of the private PostgreSQL server: %w", err)
	}
	c := &Copy{s.in, path}
	if err := errors.Join(s.in.acc.Own(path), proc.CopyTree(ctx, s.dir.data(), path, s.in.acc)); err != nil {
		return nil, errors.Join(fmt.Errorf("copy the data of the private PostgreSQL server: %w", err), c.Close())
	}
	return c, nil
}

// Run runs statements, one a line, as the superuser in the database, and returns what
// was printed: results, the log, and what the program says that postgres runs under, if
// one is given with its arguments. A statement that fails is reported there and is no
// error.
func (c *Copy) Run(ctx context.Context, database string, statements []string, under ...string) (printed string, err error) {
	command := slices.Concat(under, []string{filepath.Join(c.in.Dir, "postgres"), "--single", "-D", c.path, database})
	input := strings.NewReader(strings.Join(statements, "\n") + "\n")
	return proc.RunOn(ctx, c.in.acc, c.path, input, command[0], command[1:]...)
}

// Close removes the copy.
func (c *Copy) Close() error { return removeAll(c.path) }
