package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	tenants "rowcast/internal/access/tenant"
	"rowcast/internal/changelog"
	"rowcast/internal/command/printer"
	"rowcast/internal/command/program"
	"rowcast/internal/mapping"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

func (p *commands) history() *cobra.Command {
	var (
		tenant, after, output string
		events                []string
		limit                 int
	)
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Print what happened to a tenant",
		Long: `Prints the events of a tenant from the log, every row of bulk statements included.
At the end, on stderr, it prints the cursor on which the next page continues.`,
		Example: `  rowcast history --tenant acme --limit 20
  rowcast history --tenant acme --after 5042 --events 'order:*' -o json`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.Database(cmd)
			switch {
			case err != nil:
				return err
			case tenant == "":
				return program.Usage("history needs --tenant")
			case limit < 0:
				return program.Usage("--limit is %d; give a number of events, or 0 for all", limit)
			}
			if err := textOrJSON(output); err != nil {
				return err
			}
			filter, err := mapping.ParseFilter(events)
			if err != nil {
				return program.Usage("--events: %w", err)
			}
			out := &printer.Printer{W: p.Stdout, JSON: output == "json", Filter: filter, Count: limit}
			return withPool(cmd.Context(), cfg.DatabaseURL, "rowcast history", func(pool postgres.Pool) error {
				names, err := tenants.Names(cmd.Context(), pool, tenant)
				if err != nil {
					return err
				}
				history := changelog.NewHistory(pool, 0)
				cursor, err := history.Locate(cmd.Context(), names[0], after)
				if err != nil {
					return fmt.Errorf("begin after %q: %w", after, postgres.Explain(err))
				}
				out.Cursor = cursor
				err = out.CatchUp(cmd.Context(), history, names[0], cursor)
				if err != nil && !errors.Is(err, printer.ErrEnough) {
					return postgres.Explain(err)
				}
				_, err = fmt.Fprintln(p.Stderr, "continues after", out.Cursor)
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&tenant, "tenant", "", "whose history")
	flags.StringVar(&after, "after", "beginning", "where to begin: beginning, a position or a cursor")
	flags.IntVar(&limit, "limit", 100, "at most this many events; 0 is all")
	flags.StringSliceVar(&events, "events", nil, "only these events, comma-separated, as in order:*")
	format(cmd, &output, "text, or json", ": one event a line, as on the WebSocket")
	config.Bind(flags, "DATABASE_URL")
	return cmd
}
