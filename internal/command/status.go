package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/command/overview"
	"rowcast/internal/command/program"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

func (p *commands) status() *cobra.Command {
	var (
		output   string
		watch    bool
		interval time.Duration
	)
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the feed is",
		Long: `Shows what the database has: the head of the log, what is not sealed yet,
and the number of servers. The size of the log, the use of the NOTIFY queue
and the watched tables follow. What a server has of its own, such as its
clients, is at /status on its ADMIN_ADDR.`,
		Example: `  rowcast status
  rowcast status --watch
  rowcast status --watch --interval 10s -o json     one object a line`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			if err := textOrJSON(output); err != nil {
				return err
			}
			const shortest = 50 * time.Millisecond
			if interval < shortest {
				return program.Usage("--interval is %s; give at least %s", interval, shortest)
			}
			return withPool(cmd.Context(), cfg.DatabaseURL, "rowcast status", func(pool postgres.Pool) error {
				if watch {
					return p.watchStatus(cmd.Context(), pool, output, interval)
				}
				r, err := overview.Read(cmd.Context(), pool)
				if err != nil {
					return err
				}
				return writeStatus(p.Stdout, r, output)
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
func (p *commands) watchStatus(ctx context.Context, pool postgres.Pool, output string, interval time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var last *overview.Report
	for {
		var page bytes.Buffer
		if output == "text" && program.Terminal(p.Stdout) {
			page.WriteString("\x1b[H\x1b[2J") // from the top of an empty screen
		}
		r, err := overview.Read(ctx, pool)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			last = nil
			fmt.Fprintf(&page, "%s  %s\n", time.Now().Format(time.TimeOnly), program.Explain("rowcast", err))
		default:
			if last != nil {
				r.SequencesPerSecond = new(float64(r.Head-last.Head) / r.At.Sub(last.At).Seconds())
			}
			last = r
			if err := writeStatus(&page, r, output); err != nil {
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

// writeStatus writes a report for people or for programs.
func writeStatus(w io.Writer, r *overview.Report, output string) error {
	if output == "json" {
		return writeJSON(w, r)
	}
	return r.Write(w)
}
