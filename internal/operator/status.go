package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/bench/measure"
	"rowcast/internal/config"
	"rowcast/internal/postgres"
	"rowcast/internal/printer"
	"rowcast/sql"
)

// statusReport is what status shows, all of it from the database.
type statusReport struct {
	At time.Time `json:"at"`
	// Head is the newest sequence; SequencesPerSecond is since the last look, unknown
	// at the first.
	Head               int64          `json:"head"`
	SequencesPerSecond *float64       `json:"placesPerSecond,omitempty"`
	Servers            int64          `json:"replicas"`
	NotifyQueueUsage   float64        `json:"notifyQueueUsage"`
	Triggers           []watchedTable `json:"triggers"`
	// Pauses are those of capture, which leave changes out of the feed.
	Pauses []pause `json:"pauses"`
	figures
}

type pause struct {
	Role        string `json:"role"`
	Application string `json:"application"`
	Reason      string `json:"reason"`
	Begun       string `json:"begun"`
	Ended       string `json:"ended,omitempty"`
	Active      bool   `json:"active"`
}

type watchedTable struct {
	Table        string `json:"table"`
	Name         string `json:"name"`
	TenantColumn string `json:"tenantColumn"`
	OK           bool   `json:"ok"`
	Detail       string `json:"detail,omitempty"`
}

func (p *Program) status() *cobra.Command {
	var (
		output   string
		watch    bool
		interval time.Duration
	)
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the feed is",
		Long: `Shows the head of the log, what is not sealed yet, who follows, the size of the log,
the use of the NOTIFY queue and the watched tables, as the database has them. What
a server has of its own, such as its clients, is at /status on its ADMIN_ADDR.`,
		Example: `  rowcast status
  rowcast status --watch
  rowcast status --watch --interval 10s -o json     one object a line`,
		Args: NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := Database(cmd, p.Environ)
			if err != nil {
				return err
			}
			if err := textOrJSON(output); err != nil {
				return err
			}
			const shortest = 50 * time.Millisecond
			if interval < shortest {
				return Usage("--interval is %s; give at least %s", interval, shortest)
			}
			return withPool(cmd.Context(), cfg.DatabaseURL, "rowcast status", func(pool postgres.Pool) error {
				if watch {
					return p.watchStatus(cmd.Context(), pool, output, interval)
				}
				r, err := readStatus(cmd.Context(), pool)
				if err != nil {
					return err
				}
				return r.write(p.Stdout, output)
			})
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again and again")
	cmd.Flags().DurationVar(&interval, "interval", time.Second, "how often, with --watch")
	format(cmd, &output, "text, or json", "")
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}

// watchStatus shows the status until ctx ends. A database that does not answer is
// said once a look.
func (p *Program) watchStatus(ctx context.Context, pool postgres.Pool, output string, interval time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var last *statusReport
	for {
		var page bytes.Buffer
		if output == "text" && measure.Terminal(p.Stdout) {
			page.WriteString("\x1b[H\x1b[2J") // from the top of an empty screen
		}
		r, err := readStatus(ctx, pool)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			last = nil
			fmt.Fprintf(&page, "%s  %s\n", time.Now().Format(time.TimeOnly), Explain(err))
		default:
			if last != nil {
				r.SequencesPerSecond = new(float64(r.Head-last.Head) / r.At.Sub(last.At).Seconds())
			}
			last = r
			if err := r.write(&page, output); err != nil {
				return err
			}
		}
		if _, err := p.Stdout.Write(page.Bytes()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

func readStatus(ctx context.Context, pool postgres.Pool) (*statusReport, error) {
	r := &statusReport{At: time.Now().UTC()}
	var err error
	if r.figures, err = readFigures(ctx, pool, time.Duration(0)); err != nil {
		return nil, postgres.Explain(err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var triggers, pauses []byte
	if err := pool.QueryRow(ctx, sql.Status).Scan(&r.Head, &r.Servers, &r.NotifyQueueUsage, &triggers, &pauses); err != nil {
		return nil, fmt.Errorf("ask the database: %w", postgres.Explain(err))
	}
	if err := errors.Join(json.Unmarshal(triggers, &r.Triggers), json.Unmarshal(pauses, &r.Pauses)); err != nil {
		return nil, fmt.Errorf("decode the answer of the database: %w", err)
	}
	return r, nil
}

// write writes it for people or for programs.
func (r *statusReport) write(w io.Writer, output string) error {
	if output == "json" {
		return writeJSON(w, r)
	}
	rate := ""
	if r.SequencesPerSecond != nil {
		rate = fmt.Sprintf(", %.1f a second", *r.SequencesPerSecond)
	}
	oldest := "nothing"
	if r.Oldest != nil {
		oldest = "since " + r.Oldest.Local().Format(time.DateTime)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "feed\t%s at %s\n", r.Epoch, r.At.Local().Format(time.TimeOnly))
	fmt.Fprintf(table, "head\tplace %d%s\n", r.Head, rate)
	fmt.Fprintf(table, "not sealed\t%d log rows, the oldest for %.1f s\n", r.Unsealed, r.UnsealedSeconds)
	fmt.Fprintf(table, "servers\t%d\n", r.Servers)
	fmt.Fprintf(table, "tenants\t%d\n", r.Tenants)
	fmt.Fprintf(table, "log\t%s, kept: %s\n", size(r.Bytes), oldest)
	fmt.Fprintf(table, "notify queue\t%.2f %%\n", 100*r.NotifyQueueUsage)
	for _, t := range r.Triggers {
		state := "ok"
		if !t.OK {
			state = t.Detail
		}
		fmt.Fprintf(table, "table %s\t%s\n", printer.Visible(t.Table), printer.Visible(state))
	}
	for _, pause := range r.Pauses {
		if pause.Active {
			fmt.Fprintf(table, "capture paused\t%s\n", printer.Visible(fmt.Sprintf("by %s (%s) since %s: %s", pause.Role, pause.Application, pause.Begun, pause.Reason)))
		}
	}
	return table.Flush()
}
