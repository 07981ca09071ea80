// Package stage is where a benchmark runs: a database, and processes of this
// program.
//
// # Overview
//
// [Stage] starts the processes, connects to the database and makes the schema of a
// benchmark in it. What the clients use is not counted against the server, since both
// are processes of their own. The main of a process calls [Serve], and [Child.Call] calls
// the services that it offers, as JSON-RPC over the standard streams. Every process has
// the service [Process], which reports what it uses; a whole server is [Service].
//
// # Guarantees
//
//   - A server of a benchmark takes nobody's settings but those of the database and of
//     NOTIFY: tokens are signed with a secret of its own, listeners are on loopback and
//     any port (rowcast-bench: TestEveryRowArrives).
//   - Close ends every process, in order, the newest first (rowcast-bench:
//     TestInterruptedBenchmarkLeavesNothing).
//   - A call returns what the service in the other process returns, errors
//     included (TestCall). An interrupt from the terminal reaches the parent only.
//   - A process ends when its parent is gone, since its standard input ends
//     (TestServeEndsWithItsInput), and is waited for (TestClose).
//   - Nothing of a schema is left, and its tables are not watched any more,
//     after it is removed, also when the context has ended (TestSchemaIsGone). A schema
//     that is there already is not touched (TestExistingSchemaIsNamed).
//
// # Failures
//
// A server that is not ready in time names the reasons. A process that dies fails calls
// with the end of what it wrote to its standard error (TestDeathIsExplained).
package stage

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"time"

	"rowcast/internal/access/auth"
)

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
	children []*Child
}

// New makes a stage without processes.
func New(o Options) *Stage { return &Stage{Options: o, Secret: rand.Text() + rand.Text()} }

// Start runs a process until Close. It outlives ctx, so that a server can end
// in order.
func (s *Stage) Start(ctx context.Context, name string) (*Child, error) {
	// Later ones win, and empty ones count as not set.
	environ := slices.Concat(s.Environ, s.Settings, []string{
		"JWT_SECRET=" + s.Secret, "JWT_PUBLIC_KEY_FILE=", "JWKS_URL=", "JWT_ISSUER=", "JWT_AUDIENCE=",
		"ADDR=127.0.0.1:0", "PORT=", "ADMIN_ADDR=127.0.0.1:0",
	})
	c, err := start(context.WithoutCancel(ctx), name, s.Args, environ)
	if err == nil {
		s.children = append(s.children, c)
	}
	return c, err
}

// Serve starts a process that runs a whole server, and returns its public address.
func (s *Stage) Serve(ctx context.Context) (c *Child, address string, err error) {
	if c, err = s.Start(ctx, "server"); err != nil {
		return nil, "", err
	}
	err = c.Call(ctx, "Service.Start", Nothing{}, &address)
	return c, address, err
}

// Token may join the tenant.
func (s *Stage) Token(tenant string) (string, error) {
	const life = 24 * time.Hour
	return auth.Mint([]byte(s.Secret), auth.MintClaims{Subject: "bench", Tenants: []string{tenant}}, life)
}

// Close ends the processes, then the database.
func (s *Stage) Close() error {
	var all []error
	for _, c := range slices.Backward(s.children) {
		all = append(all, c.Close())
	}
	if s.Database != nil {
		all = append(all, s.Database.Close())
	}
	return errors.Join(all...)
}
