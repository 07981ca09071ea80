package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/changelog"
	"rowcast/internal/command/claimed"
	"rowcast/internal/command/printer"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/mapping"
	"rowcast/internal/operate/config"
	"rowcast/internal/service"
)

func (p *commands) tail() *cobra.Command {
	o := tailOptions{}
	var as string
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Follow the feed in the terminal",
		Long: `Prints events as they are committed, read from the database. Without --tenant it
prints those of every tenant.

--from says where to begin: now, beginning (the oldest change that is kept), a
position, or a cursor. Anything but now needs one --tenant.

Operators see everything. With --as it prints what a token with the claims in a JSON
file would receive.

dashboard:stats-updated is not among the events: it sums up the others for
screens, as they come, and is in no log.`,
		Example: `  rowcast tail --tenant acme
  rowcast tail --tenant acme --events 'order:*' --from beginning --count 10
  rowcast tail --as picker.json
  rowcast tail -o json | jq .data`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			filter, err := o.check()
			if err != nil {
				return errcode.Misuse(err)
			}
			if o.who, err = claimed.Read(cmd, as, cfg); err != nil {
				return err
			}
			return p.follow(cmd.Context(), cfg, o, filter)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.tenants, "tenant", nil, "only this tenant; repeat for more")
	flags.StringSliceVar(&o.events, "events", nil, "only these events, comma-separated, as in order:*")
	flags.StringVar(&o.from, "from", "now", "where to begin: now, beginning, a position or a cursor")
	flags.IntVar(&o.count, "count", 0, "end after this many events (default: never)")
	claimed.Bind(cmd, &as)
	flags.StringVarP(&o.format, "output", "o", "pretty", "pretty, or json: one event a line, as on the WebSocket")
	config.Bind(flags, "DATABASE_URL", "LISTEN_DATABASE_URL", "ROWCAST_BULK_ROWS")
	return cmd
}

type tailOptions struct {
	tenants, events []string
	from, format    string
	count           int
	who             *claimed.Bearer
}

func (o *tailOptions) check() (mapping.Filter, error) {
	switch {
	case o.format != "pretty" && o.format != "json":
		return mapping.Filter{}, program.Usage("-o is %q; it is pretty or json", o.format)
	case o.count < 0:
		return mapping.Filter{}, program.Usage("--count is %d; give a number of events, or 0 for no end", o.count)
	case o.from != "now" && len(o.tenants) != 1:
		return mapping.Filter{}, program.Usage("--from needs exactly one --tenant, because positions and cursors are those of a tenant")
	}
	for _, pattern := range o.events {
		if err := printer.Logged(pattern); err != nil {
			return mapping.Filter{}, err
		}
	}
	return mapping.ParseFilter(o.events)
}

// follow prints until ctx ends or enough was printed.
func (p *commands) follow(ctx context.Context, cfg config.Config, o tailOptions, filter mapping.Filter) error {
	log := p.Logger(slog.LevelWarn)
	known, err := service.CheckDatabase(ctx, cfg, log)
	if err != nil {
		return err
	}
	pool, err := service.OpenHistory(ctx, cfg, 2)
	if err != nil {
		return err
	}
	defer pool.Close()
	eyes, err := claimed.Open(ctx, pool, o.who)
	if err == nil && (known != "" || eyes != nil) { // else nothing can be asked yet
		o.tenants, err = eyes.Tenants(ctx, pool, o.tenants...)
	}
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &printer.Printer{W: p.Stdout, JSON: o.format == "json", Filter: filter, Tenants: o.tenants, Count: o.count, Eyes: eyes}
	var caughtUp bool
	run := changelog.New(changelog.Options{
		Connect: service.DialTail(cfg.ListenDatabaseURL), Listen: service.Dial(cfg.ListenDatabaseURL, "rowcast tail listen"), Pool: pool,
		BulkRows: cfg.BulkRows, Observe: true, Fallback: 100 * time.Millisecond, Log: log, Rules: eyes.Take,
		Publish: func(changes []feed.Change, _ int64) {
			if context.Cause(ctx) != nil {
				return
			}
			var err error
			if !caughtUp && o.from != "now" {
				err = out.CatchUp(ctx, changelog.NewHistory(pool, cfg.BulkRows), o.tenants[0], o.from)
			}
			caughtUp = true
			if err == nil {
				err = out.Print(changes)
			}
			if err != nil {
				stop(err)
			}
		},
		Reset: func(reason error) { stop(fmt.Errorf("the history of the database was rewritten: %w", reason)) },
	})
	err = run.Run(ctx)
	switch reason := context.Cause(ctx); {
	case errors.Is(reason, printer.ErrEnough):
		return nil
	case reason != nil:
		return reason
	default:
		return err
	}
}
