package policies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/command/claimed"
	"rowcast/internal/command/printer"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
)

// refused is the code of a policy that is not taken.
const refused errcode.Code = "policy-refused"

type commands struct{ *program.Program }

// New makes the commands.
func New(p *program.Program) *cobra.Command {
	c := &commands{p}
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Say who sees which rows and columns",
		Long: `A policy is one file that says for each table which roles see which of its columns
and rows. It is applied into the database, where every server finds it.`,
		Example: `  rowcast policy diff policy.yaml
  rowcast policy apply policy.yaml`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.apply(), c.diff(), c.show(), c.test())
	return cmd
}

// oneFile wants the name of a file.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return program.Usage("%s wants the file of a policy, or - to read it from the standard input", cmd.CommandPath())
	}
	return nil
}

// on runs f on a connection to the database.
func (p *commands) on(cmd *cobra.Command, f func(ctx context.Context, c *pgx.Conn, cfg config.Config) error) error {
	cfg, err := p.Database(cmd)
	if err != nil {
		return err
	}
	return postgres.With(cmd.Context(), postgres.Connect, cfg.DatabaseURL, "rowcast policy", func(ctx context.Context, c *pgx.Conn) error {
		return f(ctx, c, cfg)
	})
}

// check checks the text of a file against the watched tables.
func check(name string, text []byte, tables []store.Table) ([]byte, error) {
	stored, err := store.Check(text, tables)
	if err != nil {
		return nil, notTaken(name, err)
	}
	return stored, nil
}

// notTaken is the refusal of a file.
func notTaken(name string, why error) error {
	if _, problems := errors.AsType[policy.Problems](why); problems {
		return errcode.With(refused, fmt.Errorf("%s is refused:\n%w", name, why))
	}
	return errcode.With(refused, fmt.Errorf("%s is refused: %w", name, why))
}

func (p *commands) apply() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply <file>",
		Short: "Put a policy into force",
		Long: `Checks the file against the watched tables, puts it into force in place of the policy
before, and prints what changes for whom. What is wrong with it is named, all at once,
and then nothing changes. Columns that come later are seen by roles given as {} alone,
until the policy is applied again.

No change that is committed later is sent by the policy before. The command waits until
every server follows the policy, which takes a second or so. It names those that do not
within ten seconds: a server without the database sends nothing until it has the policy.`,
		Example: `  rowcast policy apply policy.yaml
  kubectl get configmap policy -o jsonpath='{.data.policy}' | rowcast policy apply -`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := claimed.File(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			return p.on(cmd, func(ctx context.Context, c *pgx.Conn, _ config.Config) error {
				changes, err := compare(ctx, c, args[0], text)
				if err != nil {
					return err
				}
				version, err := put(ctx, c, args[0], string(text))
				if err != nil {
					return err
				}
				fmt.Fprintf(p.Stdout, "policy %d is in force\n", version)
				return errors.Join(p.print(changes), await(ctx, c))
			})
		},
	}
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}

// How long the command waits for servers, and how often it asks.
const (
	longest = 10 * time.Second
	pause   = 100 * time.Millisecond
)

// await waits until every server follows the rules as they are now.
func await(ctx context.Context, c *pgx.Conn) error {
	s, err := store.Active(ctx, c)
	if err != nil {
		return err //nolint:wrapcheck // it says what was being done
	}
	for deadline := time.Now().Add(longest); ; {
		behind, err := store.Behind(ctx, c, s.Rules)
		switch {
		case err != nil:
			return err //nolint:wrapcheck // as Active
		case len(behind) == 0:
			return nil
		case time.Now().After(deadline):
			return errcode.With("servers-behind", fmt.Errorf("the policy is in force, but %d servers do not follow it after %s: %s",
				len(behind), longest, printer.Visible(strings.Join(behind, "; "))))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// put applies a policy that is good, and returns its version when it is in force.
func put(ctx context.Context, c *pgx.Conn, name, text string) (int64, error) {
	version, err := store.Apply(ctx, c, text)
	if err != nil {
		return 0, err //nolint:wrapcheck // it says what was being done
	}
	if _, err := store.Settle(ctx, c); err != nil {
		return 0, err //nolint:wrapcheck // as Apply
	}
	o, err := store.OutcomeOf(ctx, c, version) // a server may have been faster
	switch {
	case err != nil:
		return 0, err //nolint:wrapcheck // as Apply
	case o.State == store.IsActive:
		return version, nil
	case o.State == store.IsRefused:
		return 0, errcode.With(refused, fmt.Errorf("%s is refused by %s, who was faster to look: %s", name, printer.Visible(o.By), o.Reason))
	}
	return 0, errcode.With("conflict", fmt.Errorf("%s is %s as policy %d: %s", name, o.State, version, printer.Visible(o.Reason)))
}

// compare says what would change if the text was in force.
func compare(ctx context.Context, c *pgx.Conn, name string, text []byte) ([]string, error) {
	s, err := store.Active(ctx, c)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was being done
	}
	stored, err := check(name, text, s.Tables)
	if err != nil {
		return nil, err
	}
	after, err := policy.Read(stored)
	if err != nil {
		return nil, err //nolint:wrapcheck // it is of this very program
	}
	if s.Applied == nil {
		return Differences(&policy.Stored{}, after), nil
	}
	before, unreadable := policy.Read(s.Stored)
	if unreadable != nil {
		return []string{"nobody sees anything by the policy before, which cannot be read: " + unreadable.Error()}, nil //nolint:nilerr // that is what changes
	}
	return Differences(before, after), nil
}

func (p *commands) print(changes []string) error {
	if len(changes) == 0 {
		changes = []string{"nothing changes"}
	}
	for _, line := range changes {
		if _, err := fmt.Fprintln(p.Stdout, printer.Visible(line)); err != nil {
			return err
		}
	}
	return nil
}

func (p *commands) diff() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "diff <file>",
		Short:   "Show what a policy would change",
		Long:    "Checks the file as apply does, and prints what would change for whom. Nothing changes.",
		Example: "  rowcast policy diff policy.yaml",
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := claimed.File(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			return p.on(cmd, func(ctx context.Context, c *pgx.Conn, _ config.Config) error {
				changes, err := compare(ctx, c, args[0], text)
				if err != nil {
					return err
				}
				return p.print(changes)
			})
		},
	}
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}

func (p *commands) show() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the policy that is in force",
		Long: `Prints the file as it was applied. On stderr it says who applied it and when, which
columns are withheld because they are newer, and whether a later policy was refused.`,
		Example: "  rowcast policy show > policy.yaml",
		Args:    program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.on(cmd, func(ctx context.Context, c *pgx.Conn, _ config.Config) error {
				s, err := store.Active(ctx, c)
				if err != nil {
					return err //nolint:wrapcheck // it says what was being done
				}
				newest, err := store.Newest(ctx, c)
				if err != nil {
					return err //nolint:wrapcheck // as Active
				}
				p.about(s, newest)
				if s.Applied == nil {
					return nil
				}
				_, err = io.WriteString(p.Stdout, shown(p.Stdout, s.Applied.Document))
				return err
			})
		},
	}
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}

// about says on stderr what there is to know of the policy in force.
func (p *commands) about(s *store.State, newest *store.Outcome) {
	note := func(format string, args ...any) {
		for line := range strings.Lines(fmt.Sprintf(format, args...)) {
			fmt.Fprintln(p.Stderr, printer.Visible(strings.TrimSuffix(line, "\n")))
		}
	}
	if s.Applied == nil {
		note("no policy is in force: every member of a tenant sees all of its rows")
	} else {
		note("policy %d, applied by %s at %s", s.Applied.Version, s.Applied.By, s.Applied.At.UTC().Format(time.RFC3339))
		loaded, err := s.Load(&failures{})
		if err != nil {
			note("note: %s", strings.ReplaceAll(err.Error(), "\n", "\nnote: "))
		}
		for _, stale := range loaded.Stale() {
			note("note: %s", stale)
		}
	}
	if newest != nil && (newest.State == store.IsRefused || newest.State == store.IsPending) {
		note("note: policy %d, which is newer, is %s: %s", newest.Version, newest.State, newest.Reason)
	}
}

// shown is a document for where it goes: it cannot control a terminal.
func shown(w io.Writer, document string) string {
	if !program.Terminal(w) {
		return document
	}
	var b strings.Builder
	for line := range strings.Lines(document) {
		b.WriteString(printer.Visible(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")) + "\n")
	}
	return b.String()
}
