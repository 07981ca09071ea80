package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"rowcast/internal/config"
	"rowcast/internal/devpg"
	"rowcast/internal/postgres"
)

func (p *program) serve() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Follow the change log and push events to clients",
		Long: `Follows the change log of a database that "rowcast migrate" was run on and pushes
events to WebSocket clients. Any number of servers may run on one database; a
client may continue on any of them.

Without DATABASE_URL it starts a private PostgreSQL with throw-away data.`,
		Example: `  JWT_SECRET=… rowcast serve --database-url postgres://app@localhost/shop
  JWKS_URL=https://issuer.example/keys FRONTEND_URL=https://app.example rowcast serve`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			ctx, log := cmd.Context(), p.logger(slog.LevelInfo)
			if !cfg.HasDatabase() {
				pg, err := p.embedded(ctx, &cfg, log)
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, pg.Close()) }()
			}
			s, err := newService(ctx, cfg, log)
			if err != nil {
				return err
			}
			public, admin, err := listen(ctx, cfg)
			if err != nil {
				s.release()
				return err
			}
			log.InfoContext(ctx, "serving", "ws", webSocketURL(public.Addr()), "admin", "http://"+admin.Addr().String(),
				"database", config.RedactURL(cfg.DatabaseURL))
			return s.run(ctx, public, admin, p.hurry)
		},
	}
	config.Bind(cmd.Flags())
	return cmd
}

// embedded starts a private database with the inventory schema.
func (p *program) embedded(ctx context.Context, cfg *config.Config, log *slog.Logger) (*devpg.Server, error) {
	pg, err := devpg.Start(ctx, devpg.Options{BinDir: cfg.PGBinDir, Log: log})
	if err != nil {
		return nil, err
	}
	cfg.DatabaseURL = pg.DSN("postgres")
	cfg.ListenDatabaseURL = cfg.DatabaseURL
	migrator := postgres.Migrator{URL: cfg.DatabaseURL, Inventory: true, Log: log}
	if _, err := migrator.Up(ctx); err != nil {
		return nil, errors.Join(err, pg.Close())
	}
	log.WarnContext(ctx, "no DATABASE_URL: using a private PostgreSQL whose data is gone at the end", "database", cfg.DatabaseURL)
	return pg, nil
}

// listen opens both listeners.
func listen(ctx context.Context, cfg config.Config) (public, admin net.Listener, err error) {
	var config net.ListenConfig
	if public, err = config.Listen(ctx, "tcp", cfg.Addr); err != nil {
		return nil, nil, fmt.Errorf("listen for clients, see ADDR: %w", err)
	}
	if admin, err = config.Listen(ctx, "tcp", cfg.AdminAddr); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("listen for operators, see ADMIN_ADDR: %w", err), public.Close())
	}
	return public, admin, nil
}

// webSocketURL is where clients connect to.
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
