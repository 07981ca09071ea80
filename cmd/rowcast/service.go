package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/auth"
	"rowcast/internal/changelog"
	"rowcast/internal/config"
	"rowcast/internal/hub"
	"rowcast/internal/mapping"
	"rowcast/internal/postgres"
	"rowcast/internal/server"
	"rowcast/internal/transport/ws"
)

const (
	// historyConnections is the size of the pool that clients resume from.
	historyConnections = 8
	// staleAfter is when a tail that has not looked counts as behind.
	staleAfter = 5 * time.Second
	// drainTime is how long clients are given to leave at shutdown.
	drainTime = 10 * time.Second
)

// service is everything that serve and demo run, wired in the direction of the
// data: change log, tail, mapping, hub, transport.
type service struct {
	cfg      config.Config
	log      *slog.Logger
	verifier *auth.Verifier
	hub      *hub.Hub
	tail     *changelog.Tail
	sockets  *ws.Handler
	public   http.Handler
	admin    http.Handler
	closing  atomic.Bool
	release  func()
}

// newService checks the settings and the database. Nothing runs yet.
func newService(ctx context.Context, cfg config.Config, log *slog.Logger) (*service, error) {
	s := &service{cfg: cfg, log: log}
	var err error
	s.verifier, err = auth.New(ctx, auth.Options{
		Secret: []byte(cfg.JWTSecret), PublicKeyFile: cfg.JWTPublicKeyFile, JWKSURL: cfg.JWKSURL,
		Issuer: cfg.JWTIssuer, Audience: cfg.JWTAudience, Log: log,
	})
	if err != nil {
		return nil, usageError{err}
	}
	origins, err := auth.NewOrigins(cfg.FrontendURL, cfg.Origin)
	if err != nil {
		return nil, usageError{err}
	}
	if err := s.checkDatabase(ctx); err != nil {
		return nil, err
	}
	pool, err := postgres.Open(ctx, cfg.DatabaseURL, "rowcast history", historyConnections)
	if err != nil {
		return nil, err
	}
	s.release = pool.Close
	s.hub, err = hub.New(hub.Options{
		History: changelog.NewHistory(pool, cfg.BulkRows),
		Map:     mapping.Append, DashboardReason: mapping.DashboardReason, DashboardEvent: mapping.DashboardEvent,
		Wires: []hub.Wire{ws.Wire{}}, Log: log,
		PingInterval: cfg.PingInterval, PingTimeout: cfg.PingTimeout,
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("make the hub: %w", err)
	}
	s.tail = changelog.New(changelog.Options{
		Connect: dial(cfg.DatabaseURL, "rowcast tail"), Listen: dial(cfg.ListenDatabaseURL, "rowcast listen"), Pool: pool,
		Notify: changelog.Notify(cfg.Notify), BulkRows: cfg.BulkRows, Retention: cfg.Retention, Log: log,
		Publish: s.hub.Publish, Live: s.hub.Live, Reset: s.hub.Reset,
	})
	if err := s.routes(origins); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// routes makes the handlers of both listeners.
func (s *service) routes(origins auth.Origins) error {
	tickets := new(auth.Tickets)
	var err error
	s.sockets, err = ws.NewHandler(ws.Options{
		Hub: s.hub, Verify: s.verifier.Verify, Redeem: tickets.Redeem, Origin: origins.Allowed,
		PingInterval: s.cfg.PingInterval, PingTimeout: s.cfg.PingTimeout, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("make the WebSocket handler: %w", err)
	}
	s.public = server.Public(server.PublicOptions{
		WebSocket: s.sockets, Tickets: tickets, Verify: s.verifier.Verify, Origins: origins,
	})
	s.admin = server.Admin(server.AdminOptions{Problems: s.problems, Status: s.status})
	return nil
}

func dial(url, name string) func(ctx context.Context) (*pgx.Conn, error) {
	return func(ctx context.Context) (*pgx.Conn, error) { return postgres.Connect(ctx, url, name) }
}

// checkDatabase refuses a database without Rowcast. One that cannot be reached
// may come up later: the tail keeps trying, and /readyz says so.
func (s *service) checkDatabase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := postgres.Connect(ctx, s.cfg.DatabaseURL, "rowcast check")
	if err != nil {
		s.log.WarnContext(ctx, "the database is not reachable yet", "error", err)
		return nil
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	var id string
	if err := c.QueryRow(ctx, "select f.id from rowcast.feed f").Scan(&id); err != nil {
		return fmt.Errorf("check the database: %w", postgres.Explain(err))
	}
	return nil
}

// run serves until ctx ends. Then it turns unready, lets clients go, and stops
// reading last.
func (s *service) run(ctx context.Context, public, admin net.Listener, hurry <-chan struct{}) error {
	defer s.release()
	// What depends on others stops before them: listeners, hub, tail.
	inner, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	g, inner := errgroup.WithContext(inner)
	g.Go(func() error { return s.tail.Run(inner) })
	g.Go(func() error { return s.hub.Run(inner) })
	g.Go(func() error { return s.verifier.Run(inner) })
	g.Go(func() error { return server.Serve(inner, public, s.public, s.log) })
	g.Go(func() error { return server.Serve(inner, admin, s.admin, s.log) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
			s.drain(inner, hurry)
			stop(context.Cause(ctx))
			return context.Cause(ctx)
		case <-inner.Done():
			return context.Cause(inner)
		}
	})
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// drain tells the clients to come back elsewhere and waits until they are gone.
func (s *service) drain(ctx context.Context, hurry <-chan struct{}) {
	s.closing.Store(true)
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	go func() {
		select {
		case <-hurry:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := errors.Join(s.hub.Drain(ctx), s.sockets.Wait(ctx)); err != nil {
		s.log.WarnContext(ctx, "some clients were cut off", "error", err)
	}
}

// problems are the reasons not to be ready.
func (s *service) problems() []server.Problem {
	var problems []server.Problem
	if s.closing.Load() {
		problems = append(problems, server.Problem{Code: "shutdown", Detail: "the server is shutting down"})
	}
	status := s.tail.Status()
	switch {
	case !status.Live:
		problems = append(problems, server.Problem{Code: "tail-not-live", Detail: status.Problem})
	case time.Since(status.Checked) > staleAfter:
		problems = append(problems, server.Problem{
			Code:   "tail-stale",
			Detail: fmt.Sprintf("the change log was last read %s ago", time.Since(status.Checked).Round(time.Second)),
		})
	case !status.Listening:
		problems = append(problems, server.Problem{Code: "not-listening", Detail: "LISTEN is not in effect; changes are found by polling"})
	}
	if err := s.verifier.Ready(); err != nil {
		problems = append(problems, server.Problem{Code: "no-keys", Detail: err.Error()})
	}
	return problems
}

// status is what /status shows.
func (s *service) status() any {
	t, h := s.tail.Status(), s.hub.Stats()
	return map[string]any{
		"version": version(),
		"tail": map[string]any{
			"live": t.Live, "leads": t.Leads, "asleep": t.Asleep, "listening": t.Listening,
			"place": t.Place, "checkedAt": t.Checked.UTC(), "problem": t.Problem,
		},
		"hub": map[string]any{
			"connections": h.Sessions, "blocked": h.Blocked, "tenants": h.Tenants, "subscriptions": h.Subscriptions,
			"events": h.Events, "deliveries": h.Deliveries, "catchUps": h.CatchUps, "resets": h.Resets, "closes": h.Closes,
		},
	}
}
