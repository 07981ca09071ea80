package devpg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	"rowcast/internal/demo/devpg/pgbin"
	"rowcast/internal/demo/devpg/proc"
)

// socketPort names the socket of a server without TCP.
const socketPort = 5432

// Server is a private PostgreSQL server. Its methods are safe for concurrent
// use.
type Server struct {
	o       Options
	log     *slog.Logger
	in      installation
	dir     *directory
	sockets string
	port    int

	mu     sync.Mutex // serialises Kill, Restart, Stop and Close
	closed bool

	look sync.RWMutex
	run  *proc.Child
}

// Start starts a server and returns when it answers. The context bounds the
// start alone; the server lives until Stop, Close or the end of this process.
func Start(ctx context.Context, o Options) (*Server, error) {
	if !proc.Supported {
		return nil, errors.New("a private PostgreSQL server needs Linux, macOS or BSD: start PostgreSQL yourself and set DATABASE_URL")
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("options of the private PostgreSQL server: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, log: o.Log}
	if err := s.start(ctx); err != nil {
		if s.dir != nil {
			err = errors.Join(err, s.discard())
		}
		return nil, fmt.Errorf("start private PostgreSQL server: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) (err error) {
	if s.in, err = install(ctx, s.o); err != nil {
		return err
	}
	if s.o.Dir == "" {
		s.dir, err = temporaryDirectory(s.o.TempDir, s.in.acc)
	} else {
		s.dir, err = keptDirectory(s.o.Dir, s.in.acc)
	}
	if err != nil {
		return err
	}
	if err := s.in.cluster(ctx, s.dir); err != nil {
		return err
	}
	if err := s.socketDirectory(); err != nil {
		return err
	}
	if s.dir.Password == "" {
		s.dir.Password = rand.Text()
	}
	if err := s.rotateLog(); err != nil {
		return err
	}
	return s.choosePortAndLaunch(ctx)
}

// install finds PostgreSQL and who may run it.
func install(ctx context.Context, o Options) (in installation, err error) {
	if in.acc, err = proc.Unprivileged(os.Geteuid()); err != nil {
		return in, err
	}
	in.Installation, err = pgbin.Get(ctx, pgbin.Options{Dir: o.BinDir, Cache: o.cache, Account: in.acc, Log: o.Log})
	in.cache = o.cache
	return in, err
}

// socketDirectory takes the one in our directory, or a temporary one if its
// path is too long for a socket.
func (s *Server) socketDirectory() error {
	s.sockets = s.dir.sockets()
	if len(s.sockets) <= socketRoom {
		return nil
	}
	path, err := os.MkdirTemp("/tmp", tempPrefix)
	if err != nil {
		return fmt.Errorf("make a directory for the socket: %w", err)
	}
	s.sockets = path
	return s.in.acc.Own(path)
}

func (s *Server) rotateLog() error {
	err := os.Rename(s.dir.logFile(), s.dir.logFile()+".1")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("rotate the log of the server: %w", err)
	}
	return nil
}

// DSN returns a URL for the database, over TCP with the password if the server
// has TCP. It suits psql and pgx.
func (s *Server) DSN(database string) string {
	if s.o.NoTCP {
		return s.SocketDSN(database)
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword("postgres", s.dir.Password),
		Host:     "127.0.0.1:" + strconv.Itoa(s.port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// SocketDSN returns a URL for the database over the unix socket, which only
// our user and root can reach.
func (s *Server) SocketDSN(database string) string {
	// libpq does not read "+" as a space.
	q := url.Values{"host": {s.sockets}, "port": {strconv.Itoa(s.port)}, "user": {"postgres"}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return "postgres://" + u.EscapedPath() + "?" + u.RawQuery
}

// Dir returns the directory of the server.
func (s *Server) Dir() string { return s.dir.path }

// Port returns the TCP port, or the number in the name of the socket.
func (s *Server) Port() int { return s.port }

// Version returns the version of the binaries, such as "15.18".
func (s *Server) Version() string { return s.in.Version }

// PID returns the process id of the postmaster, 0 while it is not running.
func (s *Server) PID() int {
	c := s.current()
	if c == nil || c.Ended() {
		return 0
	}
	return c.PID()
}

// Done returns a channel that is closed when the postmaster of this run has
// ended. After Restart there is a new one.
func (s *Server) Done() <-chan struct{} { return s.current().Done() }

// Err says why the postmaster ended without being asked to, with the end of
// its log; nil while it runs and after Stop or Close.
func (s *Server) Err() error {
	return s.current().Err()
}

func (s *Server) current() *proc.Child {
	s.look.RLock()
	defer s.look.RUnlock()
	return s.run
}
