package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

func (p *program) watch() *cobra.Command {
	var settings watchSettings
	cmd := &cobra.Command{
		Use:   "watch <table>",
		Short: "Capture the changes of one more table",
		Long: `Captures every change of the table from now on, as <name>:created, <name>:updated
and <name>:deleted. The table needs a primary key and a column with the tenant.
Watching it again changes the settings that are given and keeps the others.`,
		Example: `  rowcast watch invoices --name invoice
  rowcast watch billing.invoices --tenant-column account_id --exclude pdf,notes`,
		Args: oneTable,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.database(cmd)
			if err != nil {
				return err
			}
			return with(cmd.Context(), postgres.ConnectForNames, cfg.DatabaseURL, "rowcast watch", func(ctx context.Context, c *pgx.Conn) error {
				if !cmd.Flags().Changed("exclude") {
					settings.exclude = nil
				}
				table, stem, notes, err := watchTable(ctx, c, p.logger(slog.LevelInfo), args[0], settings)
				if err != nil {
					return fmt.Errorf("watch %s: %w", args[0], named(err))
				}
				_, err = fmt.Fprintf(p.stdout, "watching %s: %s:created, %[2]s:updated, %[2]s:deleted\n", table, stem)
				for _, note := range notes {
					fmt.Fprintf(p.stderr, "note: %s\n", note)
				}
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&settings.tenantColumn, "tenant-column", "", "column that holds the tenant: uuid, text or integer (default tenant_id)")
	flags.StringVar(&settings.name, "name", "", "stem of the event names (default: the name of the table, with dashes)")
	flags.StringSliceVar(&settings.exclude, "exclude", []string{}, "columns that never leave the table, comma-separated (default none)")
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}

// watchSettings are those that were given; the others are zero.
type watchSettings struct {
	tenantColumn, name string
	exclude            []string
}

// watchTable watches the table and returns its full name, the stem of its event
// names, and what is not captured because of tables that inherit.
func watchTable(ctx context.Context, c *pgx.Conn, log *slog.Logger, given string, s watchSettings) (table, stem string, notes []string, err error) {
	err = postgres.ChangeTables(ctx, c, log, func(tx pgx.Tx) error {
		var id int
		err := tx.QueryRow(ctx, "select rowcast.watch($1::text::regclass, nullif($2, ''), nullif($3, ''), $4)",
			given, s.tenantColumn, s.name, s.exclude).Scan(&id)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select format('%I.%I', w.table_schema, w.table_name), w.name, array(select i.detail from rowcast.inheritance(w.id) i)
			from rowcast.watched w where w.id = $1`, id).Scan(&table, &stem, &notes)
	})
	return table, stem, notes, err
}

// named adds how to write a name that SQL folds or splits.
func named(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok && (pg.Code == "42602" || pg.Code == "42P01") {
		return fmt.Errorf(`%w; a name with capitals or blanks needs double quotes of its own, as in '"Weird Table"'`, err)
	}
	return err
}

func (p *program) unwatch() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "unwatch <table>",
		Short:   "Stop to capture the changes of a table",
		Long:    "Removes the triggers. What was captured stays readable until it is pruned.",
		Example: "  rowcast unwatch invoices",
		Args:    oneTable,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.database(cmd)
			if err != nil {
				return err
			}
			return with(cmd.Context(), postgres.ConnectForNames, cfg.DatabaseURL, "rowcast unwatch", func(ctx context.Context, c *pgx.Conn) error {
				var was bool
				err := postgres.ChangeTables(ctx, c, p.logger(slog.LevelInfo), func(tx pgx.Tx) error {
					return tx.QueryRow(ctx, "select rowcast.unwatch($1::text::regclass)", args[0]).Scan(&was)
				})
				if err != nil {
					return fmt.Errorf("unwatch %s: %w", args[0], named(err))
				}
				if !was {
					return fmt.Errorf("%s is not watched; the watched tables are in rowcast.watched", args[0])
				}
				_, err = fmt.Fprintf(p.stdout, "no longer watching %s\n", args[0])
				return err
			})
		},
	}
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}
