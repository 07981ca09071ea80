package command

import (
	"log/slog"

	"github.com/spf13/cobra"

	"rowcast/internal/command/program"
	"rowcast/internal/demo"
	"rowcast/internal/operate/config"
)

func (p *commands) demo() *cobra.Command {
	var (
		keep    string
		rate    float64
		verbose bool
	)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: a database, a shop that writes to it, and the feed",
		Long: `Starts a private PostgreSQL with the inventory schema and two tenants, the feed, and
pages for the browser that live on it. A simulated shop writes a few changes a second
through plain SQL. Prints what to open and what to connect to, and
lines to copy. It answers as localhost, as the address that it listens on, and under
the names in ADDR and FRONTEND_URL. Ctrl-C ends it all.`,
		Example: `  rowcast demo
  rowcast demo --keep ./data      keep the data for the next time
  rowcast demo --rate 0           write everything yourself`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.Environ)
			if err != nil {
				return err
			}
			if rate < 0 || rate > 1000 {
				return program.Usage("--rate is %v; give changes a second from 0 to 1000", rate)
			}
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelInfo
			}
			return program.WithoutCancellation(demo.Run(cmd.Context(), demo.Options{
				Config: cfg, Keep: keep, Rate: rate, Log: p.Logger(level), Stdout: p.Stdout, Stderr: p.Stderr, Force: p.Force,
			}))
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", "keep the data in this directory (default: a temporary one, gone at the end)")
	cmd.Flags().Float64Var(&rate, "rate", 3, "changes a second that the shop makes")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log what goes on")
	config.Bind(cmd.Flags(), "ADDR", "PORT", "ADMIN_ADDR", "JWT_SECRET", "FRONTEND_URL", "ORIGIN", "ROWCAST_NOTIFY", "ROWCAST_SOCKETIO_RECOVERY",
		"ROWCAST_RETENTION", "ROWCAST_BULK_ROWS", "ROWCAST_PING_INTERVAL", "ROWCAST_PING_TIMEOUT", "ROWCAST_PG_BINDIR")
	return cmd
}
