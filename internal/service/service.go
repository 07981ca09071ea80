package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/limit"
	"rowcast/internal/access/origin"
	"rowcast/internal/access/revocation"
	"rowcast/internal/access/tenant"
	"rowcast/internal/changelog"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/feed/unreadable"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/mapping"
	"rowcast/internal/operate/config"
	"rowcast/internal/operate/health"
	"rowcast/internal/operate/metric"
	"rowcast/internal/operate/systemd"
	"rowcast/internal/postgres"
	"rowcast/internal/server"
	"rowcast/internal/snapshot"
	"rowcast/internal/transport"
	"rowcast/internal/transport/history"
	"rowcast/internal/transport/refusal"
	"rowcast/internal/transport/rows"
	"rowcast/internal/transport/socketio"
	"rowcast/internal/transport/sse"
	"rowcast/internal/transport/ws"
	"rowcast/internal/view"
	"rowcast/internal/view/bind"
	"rowcast/internal/view/rules"
	"rowcast/internal/web/client"
)

const (
	// historyReaders is how many requests for /history read at once.
	historyReaders = 2
	// historyConnections is the size of the pool that clients resume from; one
	// is left for everything else.
	historyConnections = 8 + historyReaders + 1 + rowsReaders
	// rowsReaders is how many requests for /rows read at once.
	rowsReaders = 4
	// UnreadyTime is how long /readyz is red before clients are sent away, so
	// that nothing new is sent here.
	UnreadyTime = time.Second
	// DrainTime is how long clients are given to leave at shutdown.
	DrainTime = 10 * time.Second
)

// Service is everything that serve and demo run, wired in the direction of the
// data: change log, tail, mapping, hub, transport, listeners.
type Service struct {
	// Front is what the public listener serves. It may be added to before Run.
	Front server.PublicOptions
	// Manager receives how the process is. It may be set before Run.
	Manager systemd.Notifier

	log      *slog.Logger
	verifier *auth.Verifier
	pool     postgres.Pool
	hub      *hub.Hub
	tail     *changelog.Tail
	health   *health.Watcher
	revoked  *revocation.Watcher
	tenants  *tenant.Watcher
	rules    *rules.Watcher
	sockets  *ws.Handler
	socketIO *socketio.Handler
	streams  *sse.Handler
	unread   *unreadable.Log
	closing  atomic.Bool
	observed *metric.Observers

	public, admin net.Listener
	adminHandler  http.Handler
}

// encoders has one for each kind of connection.
func encoders() []signal.Encoder {
	return append([]signal.Encoder{ws.Encoder{}, sse.Encoder{}}, socketio.Encoders()...)
}

// ListenFunc opens a listener.
type ListenFunc func(ctx context.Context, addr string) (net.Listener, error)

// Listen is the usual one.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// New checks the settings and the database, and listens. Nothing runs
// yet. The caller closes it.
func New(ctx context.Context, cfg config.Config, log *slog.Logger, listen ListenFunc) (_ *Service, err error) {
	s := &Service{log: log, observed: metric.NewObservers(), unread: &unreadable.Log{Logger: log}}
	s.verifier, err = auth.New(ctx, AuthOptions(cfg, log))
	if err != nil {
		return nil, errcode.Misuse(errcode.With("bad-setting", err))
	}
	origins, err := origin.New(cfg.FrontendURL, cfg.Origin)
	if err != nil {
		return nil, errcode.Misuse(errcode.With("bad-setting", err))
	}
	id, err := CheckDatabase(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	s.pool, err = OpenHistory(ctx, cfg, historyConnections)
	if err != nil {
		return nil, err
	}
	if err := sameEpoch(ctx, s.pool, id); err != nil {
		return nil, err
	}
	s.hub, err = hub.New(room.Options{
		History: changelog.NewHistory(s.pool, cfg.BulkRows),
		Map:     mapping.Append, DashboardReason: mapping.DashboardReason, DashboardReasons: mapping.DashboardReasons, DashboardEvent: mapping.DashboardEvent,
		Own: func(relation int64) view.Own { return s.rules.Own(relation) }, Rules: func(ctx context.Context, version int64) error { return s.rules.Take(ctx, version) },
		Encoders: encoders(), Log: log, Unreadable: s.unread, Delivered: s.observed.Delivered, Checked: func() time.Time { return s.tail.Status().Checked },
		PingInterval: cfg.PingInterval, PingTimeout: cfg.PingTimeout, MaxPerTenant: cfg.MaxPerTenant,
		RingMemory: int64(cfg.RingMemory),
	})
	if err != nil {
		return nil, fmt.Errorf("make the hub: %w", err)
	}
	s.rules = rules.New(rules.Options{Connect: Dial(cfg.ListenDatabaseURL, "rowcast rules"), Log: log, Changed: s.hub.Rules})
	s.tenants = tenant.New(tenant.Options{Database: s.pool, Log: log, Changed: func() { s.revoked.Respell() }})
	s.revoked = revocation.New(revocation.Options{
		Database: s.pool, Log: log, Changed: s.hub.Recheck, Listening: func() bool { return s.tail.Status().Listening },
		Canonical: s.tenants.Canonical,
	})
	if id != "" { // else it is read when the database is there
		if err := errors.Join(s.tenants.Load(ctx), s.revoked.Load(ctx), s.rules.Load(ctx)); errors.Is(err, postgres.ErrNotMigrated) {
			return nil, err
		}
	}
	s.tail = changelog.New(changelog.Options{
		Connect: DialTail(cfg.ListenDatabaseURL), Listen: Dial(cfg.ListenDatabaseURL, "rowcast listen"), Pool: s.pool,
		Notify: changelog.Notify(cfg.Notify), BulkRows: cfg.BulkRows, Retention: cfg.Retention, Log: log,
		Unreadable: func(c *feed.Change) { s.unread.Report(new(c.Without(c.Unreadable))) },
		Sealed:     s.observed.Sealed, Publish: s.hub.Publish, Live: s.hub.Live, Rules: s.rules.Take, Reset: s.reset, Revoked: s.revoked.Wake,
	})
	s.health = health.New(health.Options{Database: s.pool, Log: log})
	if err := s.routes(cfg, origins); err != nil {
		return nil, err
	}
	if s.public, err = listen(ctx, cfg.Addr); err != nil {
		return nil, fmt.Errorf("listen for clients, see ADDR: %w", err)
	}
	if s.admin, err = listen(ctx, cfg.AdminAddr); err != nil {
		return nil, fmt.Errorf("listen for operators, see ADMIN_ADDR: %w", err)
	}
	return s, nil
}

// Close ends what New opened, as far as it came.
func (s *Service) Close() {
	for _, l := range []net.Listener{s.public, s.admin} {
		if l != nil {
			_ = l.Close() // closed already if it served
		}
	}
	if s.rules != nil {
		s.rules.Close()
	}
	if s.pool != nil {
		s.pool.Close()
	}
}

// Public is the address for clients.
func (s *Service) Public() net.Addr { return s.public.Addr() }

// Admin is the address for operators.
func (s *Service) Admin() net.Addr { return s.admin.Addr() }

// routes makes the handlers of both listeners.
func (s *Service) routes(cfg config.Config, origins origin.Origins) error {
	tickets := new(auth.Tickets)
	verify, redeem := s.revoked.Verify(s.tenants.Verify(s.verifier.Verify)), s.revoked.Redeem(s.tenants.Redeem(tickets.Redeem))
	addresses := limit.Addresses{Proxies: cfg.Proxies()}
	refusals := &refusal.Log{Codes: transport.RefusalCodes(), Logger: s.log, Addresses: addresses}
	gate, err := transport.NewGate(transport.GateOptions{
		Origin: origins.Allowed, Draining: s.hub.Draining, Verify: verify, Redeem: redeem,
		Revoked: s.revoked.Revoked, Refusals: refusals, Tenants: s.tenants, Views: bind.New(s.pool), Rules: s.rules,
		Limits: transport.NewLimits(transport.LimitOptions{
			Addresses: addresses, PerAddress: cfg.MaxPerAddress, PerSubject: cfg.MaxPerSubject, Refusals: refusals, Log: s.log,
		}),
	})
	if err != nil {
		return fmt.Errorf("make the gate: %w", err)
	}
	s.sockets, err = ws.NewHandler(ws.Options{
		Hub: s.hub, Gate: gate,
		PingInterval: cfg.PingInterval, PingTimeout: cfg.PingTimeout,
	})
	if err != nil {
		return fmt.Errorf("make the WebSocket handler: %w", err)
	}
	s.socketIO, err = socketio.NewHandler(socketio.Options{
		Hub: s.hub, Recovery: cfg.Recovery == "on", Gate: gate,
		PingInterval: cfg.PingInterval, PingTimeout: cfg.PingTimeout, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("make the Socket.IO handler: %w", err)
	}
	s.streams, err = sse.NewHandler(sse.Options{Hub: s.hub, Gate: gate, Log: s.log})
	if err != nil {
		return fmt.Errorf("make the handler of event streams: %w", err)
	}
	past, err := history.NewHandler(history.Options{
		Source: changelog.NewHistory(s.pool, 0), Map: mapping.Append, Own: s.rules.Own, Take: s.rules.Take, Gate: gate, Unreadable: s.unread, Readers: historyReaders, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("make the handler of the history: %w", err)
	}
	modules, err := client.Handler()
	if err != nil {
		return err //nolint:wrapcheck // it says what was being done
	}
	begun, err := rows.NewHandler(rows.Options{
		Source: &snapshot.Source{Pool: s.pool, Most: rows.MaxRows, Time: rows.MaxTime}, Gate: gate, Take: s.rules.Take, Readers: rowsReaders, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("make the handler of rows: %w", err)
	}
	s.Front = server.PublicOptions{
		WebSocket: s.sockets, SocketIO: s.socketIO, Events: s.streams, History: past, Rows: begun, Client: modules,
		Tickets: tickets, Gate: gate,
	}
	metrics := metric.New(metric.Sources{
		Tail: s.tail.Status, Hub: s.hub.Stats, Health: func() health.Status { return s.health.Status() },
		Observers: s.observed, Codes: transport.Codes(), Refusals: refusals.Counts,
		Unreadable: s.unread.Counts, Rows: begun.Stats, Failures: s.rules.Failures,
	})
	s.adminHandler = server.Admin(server.AdminOptions{
		Problems: s.Problems, Status: s.status, Metrics: metric.Handler(metrics), TenantMetrics: metric.TenantHandler(s.hub.Tenants),
	})
	return nil
}

// Run serves until ctx ends. Then it turns unready and lets the clients go;
// when they are gone, or their time is up, everything else ends at once.
func (s *Service) Run(ctx context.Context, force <-chan struct{}) error {
	inner, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	g, inner := errgroup.WithContext(inner)
	g.Go(func() error { return s.tail.Run(inner) })
	g.Go(func() error { return s.hub.Run(inner) })
	g.Go(func() error { return changelog.Remember(inner, s.pool, s.hub.Joined, s.log) })
	g.Go(func() error { return s.health.Run(inner) })
	g.Go(func() error { return s.verifier.Run(inner) })
	g.Go(func() error { return s.revoked.Run(inner) })
	g.Go(func() error { return s.tenants.Run(inner) })
	g.Go(func() error { return s.rules.Run(inner) })
	g.Go(func() error { return s.Manager.Run(inner, s.problem) })
	g.Go(func() error {
		return server.Serve(inner, s.public, server.Options{Handler: server.Public(s.Front), Limits: s.Front.Gate.Limits, Log: s.log})
	})
	g.Go(func() error { return server.Serve(inner, s.admin, server.Options{Handler: s.adminHandler, Log: s.log}) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
			s.drain(inner, force)
			stop(context.Cause(ctx))
			return context.Cause(ctx)
		case <-inner.Done():
			return context.Cause(inner)
		}
	})
	return g.Wait()
}

// reset has clients reload, and knows no more of the rules.
func (s *Service) reset(reason error) {
	s.rules.Forget()
	s.hub.Reset(reason)
}

// drain turns unready, then asks the clients to come back elsewhere and waits until
// they are gone.
func (s *Service) drain(ctx context.Context, force <-chan struct{}) {
	s.closing.Store(true)
	if err := s.Manager.Notify(ctx, "STOPPING=1"); err != nil {
		s.log.WarnContext(ctx, "the service manager does not listen", "error", err)
	}
	ctx, cancel := context.WithTimeout(ctx, UnreadyTime+DrainTime)
	defer cancel()
	go func() {
		select {
		case <-force:
			cancel()
		case <-ctx.Done():
		}
	}()
	clients := s.hub.Stats().Sessions
	s.log.InfoContext(ctx, "shutting down", "clients", clients)
	if clients > 0 {
		select {
		case <-time.After(UnreadyTime):
		case <-ctx.Done():
		}
	}
	if err := errors.Join(s.hub.Drain(ctx), s.sockets.Wait(ctx), s.socketIO.Wait(ctx), s.streams.Wait(ctx)); err != nil {
		s.log.WarnContext(ctx, "some clients were cut off", "error", err)
	}
}
