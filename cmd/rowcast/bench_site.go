package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/auth"
	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/config"
)

// benchTokenLife is how long the tokens of a benchmark are good.
const benchTokenLife = 24 * time.Hour

// benchSite is where a benchmark with clients runs: a database, if it needs
// one, and processes of this program.
type benchSite struct {
	*program
	cfg      config.Config
	secret   string
	children []*child.Child
	// closeDatabase ends a private PostgreSQL.
	closeDatabase func() error
}

func (p *program) newBenchSite(cfg config.Config) *benchSite {
	return &benchSite{program: p, cfg: cfg, secret: rand.Text() + rand.Text()}
}

// openDatabase starts a private, durable PostgreSQL if the settings name none.
func (s *benchSite) openDatabase(ctx context.Context) (err error) {
	s.closeDatabase, err = s.benchDatabase(ctx, &s.cfg, nil)
	return err
}

// connect opens a connection as any writer has it.
func (s *benchSite) connect(ctx context.Context) (*pgx.Conn, error) {
	return plainDial(s.cfg.ListenDatabaseURL)(ctx, "rowcast bench")
}

// describe adds the database to what the report says about where it ran.
func (s *benchSite) describe(ctx context.Context, e *bench.Environment) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return e.Describe(ctx, conn)
}

// start runs a process of this program that close ends. It outlives ctx, so
// that a server can end in order.
func (s *benchSite) start(ctx context.Context, name string) (*child.Child, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	// Later ones win, and empty ones count as not set.
	environ := append(s.environ[:len(s.environ):len(s.environ)],
		"DATABASE_URL="+s.cfg.DatabaseURL, "LISTEN_DATABASE_URL="+s.cfg.ListenDatabaseURL, "ROWCAST_NOTIFY="+s.cfg.Notify,
		"JWT_SECRET="+s.secret, "JWT_PUBLIC_KEY_FILE=", "JWKS_URL=", "JWT_ISSUER=", "JWT_AUDIENCE=",
		"ADDR=127.0.0.1:0", "PORT=", "ADMIN_ADDR=127.0.0.1:0")
	c, err := child.Start(context.WithoutCancel(ctx), name, child.Spec{Path: path, Args: []string{"bench", "worker"}, Environ: environ})
	if err == nil {
		s.children = append(s.children, c)
	}
	return c, err
}

// serve starts a process that runs what rowcast serve runs.
func (s *benchSite) serve(ctx context.Context, connections int) (*child.Child, string, error) {
	c, err := s.start(ctx, "server")
	if err != nil {
		return nil, "", err
	}
	var at Addresses
	err = c.Call(ctx, "Service.Start", connections, &at)
	return c, at.Public, err
}

// token may join the tenants.
func (s *benchSite) token(tenants []string) (string, error) {
	return auth.Mint([]byte(s.secret), auth.MintClaims{Subject: "bench", Tenants: tenants}, benchTokenLife)
}

// close ends the processes, the newest first, and a private PostgreSQL.
func (s *benchSite) close() error {
	var all []error
	for i := range s.children {
		all = append(all, s.children[len(s.children)-1-i].Close())
	}
	if s.closeDatabase != nil {
		all = append(all, s.closeDatabase())
	}
	return errors.Join(all...)
}
