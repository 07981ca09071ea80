package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/config"
	"rowcast/internal/postgres"
)

func (p *program) watch() *cobra.Command {
	var (
		tenantColumn, name string
		exclude            []string
	)
	cmd := &cobra.Command{
		Use:   "watch <table>",
		Short: "Capture the changes of one more table",
		Long: `Captures every change of the table from now on, as <name>:created, <name>:updated
and <name>:deleted. The table needs a primary key and a column with the tenant.
Watching it again changes the settings.`,
		Example: `  rowcast watch invoices --name invoice
  rowcast watch billing.invoices --tenant-column account_id --exclude pdf,notes`,
		Args: oneTable,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.database(cmd)
			if err != nil {
				return err
			}
			return withConn(cmd.Context(), cfg.DatabaseURL, "rowcast watch", func(ctx context.Context, c *pgx.Conn) error {
				stem, err := watchTable(ctx, c, args[0], tenantColumn, name, exclude)
				if err != nil {
					return fmt.Errorf("watch %s: %w", args[0], postgres.Explain(err))
				}
				_, err = fmt.Fprintf(p.stdout, "watching %s: %s:created, %[2]s:updated, %[2]s:deleted\n", args[0], stem)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&tenantColumn, "tenant-column", "tenant_id", "column that holds the tenant: uuid, text or integer")
	cmd.Flags().StringVar(&name, "name", "", "stem of the event names (default: the name of the table, with dashes)")
	cmd.Flags().StringSliceVar(&exclude, "exclude", []string{}, "columns that never leave the table, comma-separated")
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}

// watchTable watches the table and returns the stem of its event names.
func watchTable(ctx context.Context, c *pgx.Conn, table, tenantColumn, name string, exclude []string) (stem string, err error) {
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		// Triggers need the table to themselves for an instant; writers must
		// not queue up behind a wait for it.
		if _, err := tx.Exec(ctx, "set local lock_timeout = '2s'"); err != nil {
			return err
		}
		var id int
		err := tx.QueryRow(ctx, "select rowcast.watch($1::text::regclass, $2, nullif($3, ''), $4)",
			table, tenantColumn, name, exclude).Scan(&id)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, "select w.name from rowcast.watched w where w.id = $1", id).Scan(&stem)
	})
	return stem, err
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
			return withConn(cmd.Context(), cfg.DatabaseURL, "rowcast unwatch", func(ctx context.Context, c *pgx.Conn) error {
				var was bool
				if err := c.QueryRow(ctx, "select rowcast.unwatch($1::text::regclass)", args[0]).Scan(&was); err != nil {
					return fmt.Errorf("unwatch %s: %w", args[0], postgres.Explain(err))
				}
				if !was {
					return fmt.Errorf("%s is not watched; the watched tables are in rowcast.watched", args[0])
				}
				_, err := fmt.Fprintf(p.stdout, "no longer watching %s\n", args[0])
				return err
			})
		},
	}
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}
