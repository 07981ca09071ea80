package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"rowcast/internal/changelog"
	"rowcast/internal/command/claimed"
	"rowcast/internal/command/printer"
	"rowcast/internal/command/program"
	"rowcast/internal/mapping"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

func (p *commands) history() *cobra.Command {
	var (
		tenant, after, output, as string
		events                    []string
		limit                     int
	)
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Print what happened to a tenant",
		Long: `Prints the events of a tenant from the log, every row of bulk statements included.
At the end, on stderr, it prints the cursor on which the next page continues. With --as
it prints what a token with the claims in a JSON file would see.`,
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
			who, err := claimed.Read(cmd, as, cfg)
			if err != nil {
				return err
			}
			out := &printer.Printer{W: p.Stdout, JSON: output == "json", Filter: filter, Count: limit}
			return withPool(cmd.Context(), cfg.DatabaseURL, "rowcast history", func(pool postgres.Pool) error {
				if out.Eyes, err = claimed.Open(cmd.Context(), pool, who); err != nil {
					return err
				}
				names, err := out.Eyes.Tenants(cmd.Context(), pool, tenant)
				if err != nil {
					return err
				}
				err = out.CatchUp(cmd.Context(), changelog.NewHistory(pool, 0), names[0], after)
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
	claimed.Bind(cmd, &as)
	config.Bind(flags, "DATABASE_URL")
	return cmd
}
