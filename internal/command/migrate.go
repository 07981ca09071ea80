package command

import (
	"fmt"
	"log/slog"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"rowcast/internal/command/program"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

func (p *commands) migrate() *cobra.Command {
	var inventory, down, newFeed, published bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Install Rowcast in a database, or bring it up to date",
		Long: `Installs schema rowcast and the triggers on stock_movements, orders,
purchase_orders and skus, as far as they exist. Run it again at any time: it
repairs triggers and changes nothing else.

A log belongs to the database it was written in. In one that was restored from a
dump, made from a template or upgraded to another major version, --new-feed
begins a new one: the old log is forgotten, and clients have to reload.

Where a publication is for all tables it refuses to install: the receivers, which
have no schema rowcast, would stop. --published installs all the same.

--down removes schema rowcast and its triggers and leaves every other table as
it is.`,
		Example: `  rowcast migrate --database-url postgres://app@localhost/shop
  rowcast migrate --inventory      also make the reference inventory schema
  rowcast migrate --down           uninstall`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			m := postgres.Migrator{URL: cfg.DatabaseURL, Inventory: inventory, NewFeed: newFeed, Published: published, Log: p.Logger(slog.LevelInfo)}
			step := m.Up
			switch {
			case down && newFeed:
				return program.Usage("--down and --new-feed exclude each other")
			case down:
				step = m.Down
			}
			return p.report(step(cmd.Context()))
		},
	}
	cmd.Flags().BoolVar(&inventory, "inventory", false, "add the reference inventory schema; with --down, remove it and its data too")
	cmd.Flags().BoolVar(&down, "down", false, "uninstall")
	cmd.Flags().BoolVar(&newFeed, "new-feed", false, "forget the log and begin a new feed; clients reload")
	cmd.Flags().BoolVar(&published, "published", false, "install although a publication carries the log to its receivers")
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}

// report says what a migration did.
func (p *commands) report(steps []postgres.Step, err error) error {
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range steps {
		fmt.Fprintf(w, "%s\t%s\n", s.What, s.Did)
	}
	if flushErr := w.Flush(); err == nil {
		err = flushErr
	}
	return err
}
