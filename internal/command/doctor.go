package command

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/command/program"
	"rowcast/internal/operate/config"
	"rowcast/internal/operate/doctor"
)

func (p *commands) doctor() *cobra.Command {
	var (
		format  string
		timeout time.Duration
	)
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what keeps the feed from working, or soon will",
		Long: `Checks the database, the watched tables, the load, the settings and this machine,
as a server with the same settings would meet them. Each check has a stable code,
what was seen and what repairs it; all codes are in internal/errcode/ERRORS.md.

It writes to no table. Ends with 0 if all is well, 1 after a warning, 2 if a check
failed, as plugins of Nagios do.`,
		Example: `  rowcast doctor
  rowcast doctor --format json | jq '.checks[] | select(.status != "ok")'
  rowcast doctor --format prometheus > /var/lib/node_exporter/rowcast.prom`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			if !slices.Contains(doctor.Formats(), format) {
				return program.Usage("--format is %q; it is one of: %s", format, strings.Join(doctor.Formats(), ", "))
			}
			bar := program.NewProgress(p.Stderr, p.Stdout, format, len(doctor.Checks()))
			report := doctor.Run(cmd.Context(), doctorOptions(cfg, timeout), func(c doctor.Check) {
				bar.Doing(string(c.Code))
				bar.Step()
			})
			bar.Close()
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if err := report.Write(p.Stdout, format); err != nil {
				return err
			}
			if code := report.ExitCode(); code != 0 {
				return program.Exit(code)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text, json, nagios or prometheus (for the textfile collector)")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "how long each check may take")
	config.Bind(cmd.Flags(), "DATABASE_URL", "LISTEN_DATABASE_URL", "ADMIN_ADDR", "JWT_SECRET", "JWT_PUBLIC_KEY_FILE", "JWKS_URL",
		"FRONTEND_URL", "ORIGIN", "ROWCAST_RETENTION")
	return cmd
}

func doctorOptions(cfg config.Config, timeout time.Duration) doctor.Options {
	return doctor.Options{
		DatabaseURL: cfg.DatabaseURL, ListenDatabaseURL: cfg.ListenDatabaseURL, Retention: cfg.Retention, AdminAddr: cfg.AdminAddr,
		Origins: []string{cfg.FrontendURL, cfg.Origin}, Secret: []byte(cfg.JWTSecret), PublicKeyFile: cfg.JWTPublicKeyFile, JWKSURL: cfg.JWKSURL,
		Timeout: timeout,
	}
}
