package hubonly

import (
	"context"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
)

// Server is the service in another process. It is a fanout.Server.
type Server struct {
	fanout.Caller
	// Tenants change in turns.
	Tenants []string
}

var _ fanout.Server = (*Server)(nil)

// Publish makes changes.
func (s *Server) Publish(ctx context.Context, c fanout.Changes) (p fanout.Published, err error) {
	err = s.Call(ctx, "Hub.Publish", PublishArgs{Tenants: s.Tenants, Changes: c}, &p)
	return p, err
}

// PublishUnheard makes changes of a tenant that nobody has joined.
func (s *Server) PublishUnheard(ctx context.Context, count int) error {
	return s.Call(ctx, "Hub.PublishUnheard", int64(count), &child.Nothing{})
}

// Events is how many were encoded.
func (s *Server) Events(ctx context.Context) (events int64, err error) {
	err = s.Call(ctx, "Hub.Events", child.Nothing{}, &events)
	return events, err
}
