package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"rowcast/internal/config"
	"rowcast/internal/devpg"
	"rowcast/internal/postgres"
	"rowcast/internal/systemd"
)

func (p *program) serve() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Follow the change log and push events to clients",
		Long: `Follows the change log of a database that "rowcast migrate" was run on and pushes
events to clients (WebSocket, Socket.IO, Server-Sent Events). Any number of servers may run on one database; a
client may continue on any of them.

Without DATABASE_URL it starts a private PostgreSQL with throw-away data.`,
		Example: `  JWT_SECRET=… rowcast serve --database-url postgres://app@localhost/shop
  JWKS_URL=https://issuer.example/keys FRONTEND_URL=https://app.example rowcast serve`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if err := cfg.Risky(); err != nil {
				return usageError{err}
			}
			return withoutCancellation(p.serveFeed(cmd.Context(), cfg, p.logger(cfg.Level())))
		},
	}
	config.Bind(cmd.Flags())
	return cmd
}

// serveFeed serves until ctx ends, with a private database if none is named.
func (p *program) serveFeed(ctx context.Context, cfg config.Config, log *slog.Logger) (err error) {
	if !cfg.HasDatabase() {
		pg, startErr := embedded(ctx, &cfg, devpg.Options{}, true, log)
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, pg.Close()) }()
		log.WarnContext(ctx, "no DATABASE_URL: using a private PostgreSQL whose data is gone at the end", "database", databaseName(cfg))
	}
	s, err := newService(ctx, cfg, log, listen)
	if err != nil {
		return err
	}
	defer s.close()
	if cfg.Insecure != "" {
		log.WarnContext(ctx, "serving although it is not safe, see ROWCAST_INSECURE", "risks", cfg.Insecure)
	}
	s.manager = systemd.New(p.environ)
	log.InfoContext(ctx, "serving", "ws", webSocketURL(s.public.Addr()), "admin", "http://"+s.admin.Addr().String(),
		"database", databaseName(cfg))
	return s.run(ctx, p.force)
}

// embedded starts a private database with Rowcast, and with the inventory schema
// if asked for, and has the configuration name it. Its data is thrown away
// unless the options have a directory.
func embedded(ctx context.Context, cfg *config.Config, o devpg.Options, inventory bool, log *slog.Logger) (*devpg.Server, error) {
	o.BinDir, o.Log = cfg.PGBinDir, log
	pg, err := devpg.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	cfg.DatabaseURL = pg.DSN("postgres")
	cfg.ListenDatabaseURL = cfg.DatabaseURL
	migrator := postgres.Migrator{URL: cfg.DatabaseURL, Inventory: inventory, Log: log}
	if _, err := migrator.Up(ctx); err != nil {
		return nil, errors.Join(err, pg.Close())
	}
	return pg, nil
}

// listen opens a listener.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

// eventsURL is where clients of Server-Sent Events connect to.
func eventsURL(addr net.Addr) string { return "http://" + reachable(addr) + "/events" }

// webSocketURL is where WebSocket clients connect to.
func webSocketURL(addr net.Addr) string { return "ws://" + reachable(addr) + "/ws" }

// reachable names this machine where the listener has every address.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
