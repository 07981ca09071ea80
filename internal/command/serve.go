package command

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/embedded"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/operate/systemd"
	"rowcast/internal/service"
)

func (p *commands) serve() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Follow the change log and push events to clients",
		Long: `Follows the change log of a database that "rowcast migrate" was run on and pushes
events to clients (WebSocket, Socket.IO, Server-Sent Events). Any number of servers may run on one database; a
client may continue on any of them.

Without DATABASE_URL it starts a private PostgreSQL with throw-away data.`,
		Example: `  JWT_SECRET=… rowcast serve --database-url postgres://app@localhost/shop
  JWKS_URL=https://issuer.example/keys FRONTEND_URL=https://app.example rowcast serve`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.Environ)
			if err != nil {
				return err
			}
			if err := cfg.Risky(); err != nil {
				return errcode.Misuse(err)
			}
			return program.WithoutCancellation(p.serveFeed(cmd.Context(), cfg, p.Logger(cfg.Level())))
		},
	}
	config.Bind(cmd.Flags())
	return cmd
}

// serveFeed serves until ctx ends, with a private database if none is named.
func (p *commands) serveFeed(ctx context.Context, cfg config.Config, log *slog.Logger) (err error) {
	if !cfg.HasDatabase() {
		pg, startErr := embedded.Start(ctx, &cfg, devpg.Options{}, true, log)
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, pg.Close()) }()
		log.WarnContext(ctx, "no DATABASE_URL: using a private PostgreSQL whose data is gone at the end", "database", cfg.DatabaseName())
	}
	s, err := service.New(ctx, cfg, log, service.Listen)
	if err != nil {
		return err
	}
	defer s.Close()
	if cfg.Insecure != "" {
		log.WarnContext(ctx, "serving although it is not safe, see ROWCAST_INSECURE", "risks", cfg.Insecure)
	}
	s.Manager = systemd.New(p.Environ)
	log.InfoContext(ctx, "serving", "ws", s.WebSocketURL(), "admin", "http://"+s.Admin().String(),
		"database", cfg.DatabaseName())
	return s.Run(ctx, p.Force)
}
