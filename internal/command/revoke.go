package command

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/command/printer"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
	"rowcast/sql"
)

func (p *commands) revoke() *cobra.Command {
	var r revocationFlags
	cmd := &cobra.Command{
		Use:   "revoke",
		Short: "Refuse tokens before they expire, and end their connections",
		Long: `Revokes the tokens that fit all the conditions that are given. Every server ends
their connections (close code 4505) and refuses them within a second.

A revocation lasts for --lifetime, which has to be as long as the longest life of
a token: after that the tokens have expired by themselves.`,
		Example: `  rowcast revoke --token-id 6f1c… --reason "laptop stolen"
  rowcast revoke --subject ann --issued-before now     log ann out; she may log in again
  rowcast revoke --list
  rowcast revoke --undo 7`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			r.given = cmd.Flags().Changed
			do := r.add
			switch {
			case r.list && r.undo != 0:
				return program.Usage("--list and --undo exclude each other")
			case r.list:
				do = r.show
			case r.undo != 0:
				do = r.lift
			}
			return postgres.With(cmd.Context(), postgres.Connect, cfg.DatabaseURL, "rowcast revoke", func(ctx context.Context, c *pgx.Conn) error {
				return do(ctx, p, c)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.tokenID, "token-id", "", "the token with this id (jti)")
	flags.StringVar(&r.subject, "subject", "", "tokens of this subject (sub)")
	flags.StringVar(&r.tenant, "tenant", "", "tokens that name this tenant")
	flags.StringVar(&r.before, "issued-before", "", "tokens issued before this time, as in 2026-01-02T15:04:05Z, or now; those that do not say when count too")
	flags.StringVar(&r.reason, "reason", "", "why, for --list")
	flags.DurationVar(&r.lifetime, "lifetime", 30*24*time.Hour, "how long tokens live at most")
	flags.BoolVar(&r.list, "list", false, "list what is revoked")
	flags.Int64Var(&r.undo, "undo", 0, "undo the revocation with this number")
	config.Bind(flags, "DATABASE_URL")
	return cmd
}

// revocationFlags are those of revoke.
type revocationFlags struct {
	tokenID, subject, tenant, before, reason string
	lifetime                                 time.Duration
	list                                     bool
	undo                                     int64
	// given says whether a flag was given, also with empty text.
	given func(flag string) bool
}

// condition is the text of a flag, nil if it was not given. Empty text is no way
// to leave a condition out: a script whose variable is empty means something.
func (r *revocationFlags) condition(flag, text string) *string {
	if !r.given(flag) {
		return nil
	}
	return &text
}

// add revokes.
func (r *revocationFlags) add(ctx context.Context, p *commands, c *pgx.Conn) error {
	if _, err := time.Parse(time.RFC3339, r.before); err != nil && r.given("issued-before") && r.before != "now" {
		return program.Usage("--issued-before is %q; give a time as in 2026-01-02T15:04:05Z, or now", r.before)
	}
	var number int64
	err := c.QueryRow(ctx, "select rowcast.revoke($1, $2, $3, $4::text::timestamptz, $5, $6)",
		r.condition("token-id", r.tokenID), r.condition("subject", r.subject), r.condition("tenant", r.tenant),
		r.condition("issued-before", r.before), r.reason, r.lifetime).Scan(&number)
	if err != nil {
		return fmt.Errorf("revoke: %w", postgres.Explain(err))
	}
	_, err = fmt.Fprintf(p.Stdout, "revoked as %d, undo it with: rowcast revoke --undo %[1]d\n", number)
	return err
}

// lift undoes a revocation.
func (r *revocationFlags) lift(ctx context.Context, p *commands, c *pgx.Conn) error {
	var was bool
	if err := c.QueryRow(ctx, "select rowcast.unrevoke($1)", r.undo).Scan(&was); err != nil {
		return fmt.Errorf("undo revocation %d: %w", r.undo, postgres.Explain(err))
	}
	if !was {
		return errcode.With("nothing-there", fmt.Errorf("there is no revocation %d; see: rowcast revoke --list", r.undo))
	}
	_, err := fmt.Fprintf(p.Stdout, "revocation %d is undone\n", r.undo)
	return err
}

// show lists the revocations.
func (r *revocationFlags) show(ctx context.Context, p *commands, c *pgx.Conn) error {
	rows, err := c.Query(ctx, sql.Revocations)
	if err != nil {
		return fmt.Errorf("list the revocations: %w", postgres.Explain(err))
	}
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NUMBER\tREVOKED\tBY\tTOKENS\tREASON\tUNTIL")
	var (
		number            int64
		at, until         time.Time
		by, which, reason string
	)
	_, err = pgx.ForEachRow(rows, []any{&number, &at, &by, &which, &reason, &until}, func() error {
		_, err := fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", number, at.Format(time.RFC3339), printer.Visible(by), printer.Visible(which), printer.Visible(reason), until.Format(time.RFC3339))
		return err
	})
	if err != nil {
		return fmt.Errorf("list the revocations: %w", postgres.Explain(err))
	}
	return w.Flush()
}
