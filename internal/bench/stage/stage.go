// Package stage is where a benchmark with clients runs: a database, and
// processes of this program.
//
// # Overview
//
// [Stage] starts the processes and says how to reach the database. A process
// that runs a whole server offers [Service].
//
// # Guarantees
//
//   - A server of a benchmark takes nobody's settings but those of the database
//     and the doorbell: tokens are signed with a secret of its own, listeners
//     are on loopback and any port (TestEveryRowArrives, TestChangesArrive).
//   - Close ends every process, in order, the newest first
//     (TestInterruptedBenchmarkLeavesNothing).
//
// # Failures
//
// A server that is not ready in time names the reasons.
package stage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/auth"
	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
)

// tokenLife is how long the tokens of a benchmark are good.
const tokenLife = 24 * time.Hour

// Options says what a stage is made of.
type Options struct {
	// Args make this program serve the services that the benchmark needs;
	// Environ is its environment.
	Args, Environ []string
	// Settings of the server, NAME=value, win over Environ.
	Settings []string
	// Connect opens a direct connection to the database, if there is one.
	Connect func(ctx context.Context) (*pgx.Conn, error)
	// CloseDatabase, if not nil, ends a private database.
	CloseDatabase func() error
}

// Stage has the processes of one benchmark.
type Stage struct {
	Options
	// Secret signs the tokens that the servers accept.
	Secret   string
	children []*child.Child
}

// New makes a stage without processes.
func New(o Options) *Stage { return &Stage{Options: o, Secret: rand.Text() + rand.Text()} }

// Describe adds the database to what a report says about where it ran.
func (s *Stage) Describe(ctx context.Context, e *bench.Environment) error {
	conn, err := s.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return e.Describe(ctx, conn)
}

// Start runs a process until Close. It outlives ctx, so that a server can end
// in order.
func (s *Stage) Start(ctx context.Context, name string) (*child.Child, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	// Later ones win, and empty ones count as not set.
	environ := slices.Concat(s.Environ, s.Settings, []string{
		"JWT_SECRET=" + s.Secret, "JWT_PUBLIC_KEY_FILE=", "JWKS_URL=", "JWT_ISSUER=", "JWT_AUDIENCE=",
		"ADDR=127.0.0.1:0", "PORT=", "ADMIN_ADDR=127.0.0.1:0",
	})
	c, err := child.Start(context.WithoutCancel(ctx), name, child.Spec{Path: path, Args: s.Args, Environ: environ})
	if err == nil {
		s.children = append(s.children, c)
	}
	return c, err
}

// Serve starts a process that runs a whole server, for a number of connections
// at least, and answers its public address.
func (s *Stage) Serve(ctx context.Context, connections int) (c *child.Child, address string, err error) {
	if c, err = s.Start(ctx, "server"); err != nil {
		return nil, "", err
	}
	err = c.Call(ctx, "Service.Start", connections, &address)
	return c, address, err
}

// Token may join the tenants.
func (s *Stage) Token(tenants []string) (string, error) {
	return auth.Mint([]byte(s.Secret), auth.MintClaims{Subject: "bench", Tenants: tenants}, tokenLife)
}

// Close ends the processes, then the database.
func (s *Stage) Close() error {
	var all []error
	for i := range s.children {
		all = append(all, s.children[len(s.children)-1-i].Close())
	}
	if s.CloseDatabase != nil {
		all = append(all, s.CloseDatabase())
	}
	return errors.Join(all...)
}
