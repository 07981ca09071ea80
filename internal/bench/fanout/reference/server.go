package reference

import (
	"context"
	"errors"
	"fmt"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
)

// Database is where the reference listens.
type Database struct {
	Connection Connection
	// Channel has a row as JSON in each payload, with its tenant_id.
	Channel string
}

// Connection is in the words of node-postgres.
type Connection struct {
	Host     string `json:"host"`
	Port     uint16 `json:"port"`
	User     string `json:"user"`
	Password string `json:"password"`
	Database string `json:"database"`
	// SSL is nil for a connection without TLS.
	SSL *SSL `json:"ssl,omitempty"`
}

// SSL says whether the certificate of PostgreSQL has to be good.
type SSL struct {
	RejectUnauthorized bool `json:"rejectUnauthorized"`
}

// Start runs the reference, for a number of connections at least, and answers
// the address that it serves. It emits what database tells, if that is not nil.
// The caller closes the process; the end of ctx kills it.
func Start(ctx context.Context, installed Installed, connections int, database *Database) (_ *child.Child, address string, err error) {
	// A process inherits the limit; node raises its own as far as it may.
	if err := fanout.NeedFiles(connections); err != nil {
		return nil, "", err
	}
	// Without an environment nobody's NODE_OPTIONS count.
	c, err := child.Start(ctx, "reference", child.Spec{Path: installed.Node, Args: []string{installed.Script}, Environ: []string{"NODE_ENV=production"}})
	if err != nil {
		return nil, "", err
	}
	args := struct{ Database *Database }{database}
	if err := c.Call(ctx, "Reference.Start", args, &address); err != nil {
		return nil, "", errors.Join(fmt.Errorf("start the reference server: %w", err), c.Close())
	}
	return c, address, nil
}

// Server is the reference that emits changes by itself. It is a
// fanout.Publisher.
type Server struct {
	fanout.Caller
	// Tenants change in turns.
	Tenants []string
}

var _ fanout.Publisher = (*Server)(nil)

// Publish makes changes.
func (s *Server) Publish(ctx context.Context, c fanout.Changes) (p fanout.Published, err error) {
	args := struct {
		Tenants []string
		Changes fanout.Changes
	}{s.Tenants, c}
	err = s.Call(ctx, "Reference.Publish", args, &p)
	return p, err
}
