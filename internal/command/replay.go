package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	tenants "rowcast/internal/access/tenant"
	"rowcast/internal/command/overview"
	"rowcast/internal/command/program"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

// replayed is what rowcast.replay returns.
type replayed struct {
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"`
	LeftOut int64 `json:"leftOut"`
	DryRun  bool  `json:"dryRun"`
}

// errDryRun rolls back what was only tried.
var errDryRun = errors.New("dry run")

func (p *commands) replay() *cobra.Command {
	var (
		tenant, output    string
		first, last       int64
		maxRows, maxBytes int64
		dryRun            bool
	)
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Send a range of positions to a tenant once more",
		Long: `Appends the rows of the positions to the log again, as they were written then. Clients
get them as <name>:replayed events at new positions: nothing that they have received
is touched. Deletes and truncates have no row and are left out.

It cannot be taken back; --dry-run only says what would be sent.`,
		Example: `  rowcast replay --tenant acme --first 1200 --last 1299 --dry-run
  rowcast replay --tenant acme --first 1200 --last 1299`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.Database(cmd)
			switch {
			case err != nil:
				return err
			case tenant == "" || first < 1 || last < first:
				return program.Usage("replay needs --tenant, --first and --last, positions from 1 on, as in: rowcast replay --tenant acme --first 1200 --last 1299")
			case maxRows < 1 || maxBytes < 1:
				return program.Usage("--max-rows and --max-bytes are at least 1")
			}
			if err := textOrJSON(output); err != nil {
				return err
			}
			return withPool(cmd.Context(), cfg.DatabaseURL, "rowcast replay", func(pool postgres.Pool) error {
				names, err := tenants.Names(cmd.Context(), pool, tenant)
				if err != nil {
					return err
				}
				did := replayed{DryRun: dryRun}
				if err := did.send(cmd.Context(), pool, names[0], first, last, maxRows, maxBytes); err != nil {
					return fmt.Errorf("replay positions %d to %d: %w", first, last, postgres.Explain(err))
				}
				if output == "json" {
					return writeJSON(p.Stdout, did)
				}
				words := "sent"
				if dryRun {
					words = "would send"
				}
				_, err = fmt.Fprintf(p.Stdout, "%s %d rows of %s, %s; %d positions have no row\n", words, did.Rows, names[0], overview.Size(did.Bytes), did.LeftOut)
				return err
			})
		},
	}
	const rows, bytes = 10_000, 64 << 20
	flags := cmd.Flags()
	flags.StringVar(&tenant, "tenant", "", "to whom")
	flags.Int64Var(&first, "first", 0, "the first position")
	flags.Int64Var(&last, "last", 0, "the last position")
	flags.Int64Var(&maxRows, "max-rows", rows, "refuse more positions than this")
	flags.Int64Var(&maxBytes, "max-bytes", bytes, "refuse more bytes of rows than this")
	flags.BoolVar(&dryRun, "dry-run", false, "only say what would be sent")
	format(cmd, &output, "text, or json", "")
	config.Bind(flags, "DATABASE_URL")
	return cmd
}

// send replays, or tries to.
func (r *replayed) send(ctx context.Context, pool postgres.Pool, tenant string, first, last, maxRows, maxBytes int64) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "select r.rows, r.bytes, r.left_out from rowcast.replay($1, $2, $3, $4, $5) r", tenant, first, last, maxRows, maxBytes).
			Scan(&r.Rows, &r.Bytes, &r.LeftOut)
		if err == nil && r.DryRun {
			return errDryRun
		}
		return err
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	return err
}
