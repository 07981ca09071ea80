// Package embedded starts a private PostgreSQL that has Rowcast.
//
// # Overview
//
// [Start] is package devpg, migrated, with a configuration that names it.
//
// # Guarantees
//
//   - A database that cannot be migrated is ended again (rowcast: TestInterruptedStart).
//
// # Failures
//
// Those of devpg and of the migration.
package embedded

import (
	"context"
	"errors"
	"log/slog"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/devpg/pgbin"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

// Start starts a private database with Rowcast, and with the inventory schema
// if asked for, and has the configuration name it. Its data is thrown away
// unless the options have a directory.
func Start(ctx context.Context, cfg *config.Config, o devpg.Options, inventory bool, log *slog.Logger) (*devpg.Server, error) {
	o.BinDir, o.Log = cfg.PGBinDir, log
	pg, err := devpg.Start(ctx, o)
	switch {
	case errors.Is(err, pgbin.ErrNone):
		return nil, errcode.With("no-postgres", err)
	case err != nil:
		return nil, errcode.With("private-postgres", err)
	}
	cfg.DatabaseURL = pg.DSN("postgres")
	cfg.ListenDatabaseURL = cfg.DatabaseURL
	migrator := postgres.Migrator{URL: cfg.DatabaseURL, Inventory: inventory, Log: log}
	if _, err := migrator.Up(ctx); err != nil {
		return nil, errors.Join(err, pg.Close())
	}
	return pg, nil
}
