package devpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg/proc"
)

// settingsName is the file beside the data that holds our settings.
const settingsName = "rowcast.conf"

// stopTimeout is how long a server may take for a fast shutdown.
const stopTimeout = 10 * time.Second

// startError carries what the server logged before it gave up.
type startError struct {
	cause error
	log   string
}

func (e *startError) Error() string {
	if strings.TrimSpace(e.log) == "" {
		return e.cause.Error() + " (it logged nothing)"
	}
	return fmt.Sprintf("%v; its log ends with:\n%s", e.cause, proc.LastLines(e.log))
}

func (e *startError) Unwrap() error { return e.cause }

func (e *startError) portTaken() bool { return strings.Contains(e.log, "could not bind") }

// memoryHeld reports that processes of a killed server still end.
func (e *startError) memoryHeld() bool { return strings.Contains(e.log, "is still in use") }

// choosePortAndLaunch prefers the port of the last time, which may be taken by
// now; a free port can be lost to somebody else before the server binds it. So
// it tries more than one.
func (s *Server) choosePortAndLaunch(ctx context.Context) error {
	if s.o.NoTCP {
		s.port = socketPort
		return s.launchOn(ctx)
	}
	s.port = s.dir.Port
	for try := 0; ; try++ {
		if s.port == 0 {
			port, err := freePort(ctx)
			if err != nil {
				return err
			}
			s.port = port
		}
		err := s.launchOn(ctx)
		var failed *startError
		if err == nil || !errors.As(err, &failed) || !failed.portTaken() || try == 4 {
			return err
		}
		s.port = 0
	}
}

// launchOn launches, explains a port that is taken, and notes the port for the
// next time.
func (s *Server) launchOn(ctx context.Context) error {
	if err := s.launch(ctx); err != nil {
		var failed *startError
		if errors.As(err, &failed) && failed.portTaken() {
			return fmt.Errorf("port %d of 127.0.0.1 is taken: %w", s.port, err)
		}
		return err
	}
	if s.o.NoTCP {
		return nil
	}
	s.dir.Port = s.port
	return s.dir.writeMarker()
}

// launch starts the postmaster and waits until it answers.
func (s *Server) launch(ctx context.Context) error {
	deadline := time.Now().Add(15 * time.Second)
	for {
		err := s.launchOnce(ctx)
		var failed *startError
		if err == nil || !errors.As(err, &failed) || !failed.memoryHeld() || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Server) launchOnce(ctx context.Context) error {
	settings := s.o.configuration(s.sockets, s.port)
	if err := writeOwned(s.dir.settings(), settings, s.in.acc); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	logFile, err := os.OpenFile(s.dir.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of the server: %w", err)
	}
	defer func() { _ = logFile.Close() }()
	info, err := logFile.Stat()
	if err != nil {
		return fmt.Errorf("open the log of the server: %w", err)
	}
	from := info.Size()

	onOurDeath := syscall.SIGINT
	if s.dir.Temporary {
		onOurDeath = syscall.SIGQUIT
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(s.in.Dir, "postgres"), "-D", s.dir.data())
	cmd.Dir = s.dir.path
	cmd.Stdout, cmd.Stderr = logFile, logFile
	c, err := proc.Start(cmd, s.in.acc, onOurDeath, func(err error) error {
		if err == nil {
			err = errors.New("stopped by somebody else")
		}
		return &startError{fmt.Errorf("postgres ended: %w", err), proc.Since(s.dir.logFile(), from)}
	})
	if err != nil {
		return err
	}
	if err := s.ready(ctx, c); err != nil {
		if c.Ended() {
			return err
		}
		failed := &startError{err, proc.Since(s.dir.logFile(), from)}
		return errors.Join(failed, c.Stop(stopTimeout))
	}
	s.look.Lock()
	s.run = c
	s.look.Unlock()
	s.log.Info("private postgres started", "version", s.in.Version, "pid", c.PID(), "port", s.port, "dir", s.dir.path)
	return nil
}

// ready waits until the server answers over its socket, and sets the password
// for TCP.
func (s *Server) ready(ctx context.Context, c *proc.Child) error {
	for {
		err := s.hello(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.Done():
			return c.Err()
		case <-ctx.Done():
			return fmt.Errorf("wait for postgres to answer: %w (last: %w)", ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *Server) hello(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.SocketDSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if s.o.NoTCP {
		return conn.Ping(ctx)
	}
	// The password has an alphabet without quotes.
	_, err = conn.Exec(ctx, "ALTER ROLE postgres PASSWORD '"+s.dir.Password+"'")
	return err
}

func writeOwned(path, text string, acc *proc.Account) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return acc.Own(path)
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil || !ok {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return addr.Port, nil
}
