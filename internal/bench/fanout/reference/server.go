package reference

import (
	"context"
	"errors"
	"fmt"

	"rowcast/internal/bench/child"
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

// Start runs the reference, and answers the address that it serves. It emits what
// database tells, if that is not nil, or else what Reference.Publish is called with.
// The caller closes the process; the end of ctx kills it.
func Start(ctx context.Context, installed Installed, database *Database) (_ *child.Child, address string, err error) {
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
