package command

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

func (p *commands) watch() *cobra.Command {
	var settings postgres.WatchSettings
	cmd := &cobra.Command{
		Use:   "watch <table>",
		Short: "Capture the changes of one more table",
		Long: `Captures every change of the table from now on, as <name>:created, <name>:updated
and <name>:deleted. The table needs a primary key and a column with the tenant.
Watching it again changes the settings that are given and keeps the others.`,
		Example: `  rowcast watch invoices --name invoice
  rowcast watch billing.invoices --tenant-column account_id --exclude pdf,notes
  rowcast watch notifications --audience user_id`,
		Args: oneTable,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			return postgres.With(cmd.Context(), postgres.ConnectForNames, cfg.DatabaseURL, "rowcast watch", func(ctx context.Context, c *pgx.Conn) error {
				if !cmd.Flags().Changed("exclude") {
					settings.Exclude = nil
				}
				table, stem, notes, err := postgres.Watch(ctx, c, p.Logger(slog.LevelInfo), args[0], settings)
				if err != nil {
					return fmt.Errorf("watch %s: %w", args[0], err)
				}
				_, err = fmt.Fprintf(p.Stdout, "watching %s: %s:created, %[2]s:updated, %[2]s:deleted\n", table, stem)
				for _, note := range notes {
					fmt.Fprintf(p.Stderr, "note: %s\n", note)
				}
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&settings.TenantColumn, "tenant-column", "", "column that holds the tenant: uuid, text or integer (default tenant_id)")
	flags.StringVar(&settings.Name, "name", "", "stem of the event names (default: the name of the table, with dashes)")
	flags.StringSliceVar(&settings.Exclude, "exclude", []string{}, "columns that never leave the table, comma-separated (default none)")
	flags.Func("audience", "column that says for whom a row is: compared with the subject of tokens, null for the whole tenant (default none)",
		func(column string) error { settings.Audience = &column; return nil })
	flags.BoolFunc("readable", "clients that begin get rows of it: servers may select what is not excluded", func(yes string) error { settings.Readable = &yes; return nil })
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}

func (p *commands) unwatch() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "unwatch <table>",
		Short:   "Stop to capture the changes of a table",
		Long:    "Removes the triggers. What was captured stays readable until it is pruned.",
		Example: "  rowcast unwatch invoices",
		Args:    oneTable,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			return postgres.With(cmd.Context(), postgres.ConnectForNames, cfg.DatabaseURL, "rowcast unwatch", func(ctx context.Context, c *pgx.Conn) error {
				was, err := postgres.Unwatch(ctx, c, p.Logger(slog.LevelInfo), args[0])
				if err != nil {
					return fmt.Errorf("unwatch %s: %w", args[0], err)
				}
				if !was {
					return errcode.With("nothing-there", fmt.Errorf("%s is not watched; the watched tables are in rowcast.watched", args[0]))
				}
				_, err = fmt.Fprintf(p.Stdout, "no longer watching %s\n", args[0])
				return err
			})
		},
	}
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}
