// Package stage is where a benchmark runs: a database, and processes of this
// program.
//
// # Overview
//
// [Stage] starts the processes and connects to the database. A process that runs
// a whole server offers [Service]. A [Schema] has the tables of a benchmark, in a
// database that may be somebody's.
//
// # Guarantees
//
//   - A server of a benchmark takes nobody's settings but those of the database and of
//     NOTIFY: tokens are signed with a secret of its own, listeners are on loopback and
//     any port (rowcast-bench: TestEveryRowArrives, TestChangesArrive).
//   - Close ends every process, in order, the newest first (rowcast-bench:
//     TestInterruptedBenchmarkLeavesNothing).
//   - Nothing of a schema is left, and its tables are not watched any more,
//     after Remove, also when the context has ended (TestSchemaIsGone). A schema that
//     is there already is not touched (TestExistingSchemaIsNamed).
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
	"io"
	"os"
	"slices"
	"time"

	"rowcast/internal/access/auth"
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
	// URL leads directly to the database, if there is one.
	URL string
	// Database, if not nil, ends with the stage.
	Database io.Closer
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

// Serve starts a process that runs a whole server, and answers its public address.
func (s *Stage) Serve(ctx context.Context) (c *child.Child, address string, err error) {
	if c, err = s.Start(ctx, "server"); err != nil {
		return nil, "", err
	}
	err = c.Call(ctx, "Service.Start", child.Nothing{}, &address)
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
	if s.Database != nil {
		all = append(all, s.Database.Close())
	}
	return errors.Join(all...)
}
