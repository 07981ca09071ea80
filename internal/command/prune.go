package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/changelog"
	"rowcast/internal/command/overview"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

// pruneReport is what prune says.
type pruneReport struct {
	Retention string `json:"retention"`
	// Old counts the log rows that were older when it began.
	Old int64 `json:"old"`
	changelog.Pruned
	// Oldest is when the oldest change that is kept was sealed.
	Oldest *time.Time `json:"oldest"`
	Bytes  int64      `json:"bytes"`
	DryRun bool       `json:"dryRun"`
}

// pruneSteps are the steps of the bar.
const pruneSteps = 100

func (p *commands) prune() *cobra.Command {
	var (
		output string
		dryRun bool
	)
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Forget old changes now",
		Long: `Does once what the server that leads does each minute: forgets the changes that are
older than the retention, and empties the segments of the log that hold nothing
else. Clients whose cursor is older have to reload.

What is not sealed is never forgotten, and the newest seal always stays.`,
		Example: `  rowcast prune --dry-run
  rowcast prune --rowcast-retention 24h`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			if err := textOrJSON(output); err != nil {
				return err
			}
			return withPool(cmd.Context(), cfg.DatabaseURL, "rowcast prune", func(pool postgres.Pool) error {
				r := pruneReport{Retention: cfg.Retention.String(), DryRun: dryRun}
				if err := p.pruneLog(cmd.Context(), pool, cfg.Retention, &r); err != nil {
					return postgres.Explain(err)
				}
				if output == "json" {
					return writeJSON(p.Stdout, r)
				}
				return p.sayPruned(r)
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be forgotten")
	format(cmd, &output, "text, or json", "")
	config.Bind(cmd.Flags(), "DATABASE_URL", "ROWCAST_RETENTION")
	return cmd
}

// pruneLog fills in the report.
func (p *commands) pruneLog(ctx context.Context, pool postgres.Pool, retention time.Duration, r *pruneReport) error {
	before, err := overview.ReadPulse(ctx, pool, retention)
	if err != nil {
		return err
	}
	r.Old, r.Oldest, r.Bytes = before.Old, before.Oldest, before.Bytes
	if r.DryRun {
		return nil
	}
	bar := program.NewProgress(p.Stderr, p.Stdout, "text", pruneSteps)
	defer bar.Close()
	bar.Doing("pruning")
	var done, steps int64
	r.Pruned, err = changelog.Prune(ctx, pool, retention, func(rows int64) {
		done += rows
		for ; steps < min(pruneSteps, pruneSteps*done/max(r.Old, 1)); steps++ {
			bar.Step()
		}
	})
	if err != nil {
		return err
	}
	after, err := overview.ReadPulse(ctx, pool, retention)
	if err != nil {
		return err
	}
	r.Oldest, r.Bytes = after.Oldest, after.Bytes
	if r.Old > 0 && r.Rows == 0 && after.Old > 0 {
		return errcode.With("already-running", errors.New("another session is pruning, as a server that leads does each minute; rowcast status shows how far it is"))
	}
	return nil
}

func (p *commands) sayPruned(r pruneReport) error {
	if r.DryRun {
		_, err := fmt.Fprintf(p.Stdout, "would forget %d log rows older than %s; the log has %s\n", r.Old, r.Retention, overview.Size(r.Bytes))
		return err
	}
	closed := "no segment was closed"
	if r.Closed {
		closed = "a segment was closed"
	}
	kept := "nothing is kept"
	if r.Oldest != nil {
		kept = "the oldest change is from " + r.Oldest.UTC().Format(time.RFC3339)
	}
	_, err := fmt.Fprintf(p.Stdout, "forgot %d log rows older than %s; %s, %d emptied; %s; the log has %s\n",
		r.Rows, r.Retention, closed, r.Emptied, kept, overview.Size(r.Bytes))
	return err
}
