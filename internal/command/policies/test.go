package policies

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/command/claimed"
	"rowcast/internal/command/printer"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/feed/row"
	"rowcast/internal/operate/config"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
)

// failures are the roles whose condition failed.
type failures struct {
	mu    sync.Mutex
	roles []string
}

func (f *failures) RuleFailed(_, role string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.roles = append(f.roles, role)
}

func (*failures) EventFailed(string) {}

// question is what the flags of test ask for.
type question struct{ claims, tenant, table, row string }

func (p *commands) test() *cobra.Command {
	var t question
	cmd := &cobra.Command{
		Use:   "test <file>",
		Short: "Show what a token would see by a policy",
		Long: `Checks the file as apply does, and shows which tables, rows and columns a token with
the claims in a JSON file would see. With --table and --row it shows what is left of
one row, and ends with 1 if nothing is. Nothing changes. For whom a row is, as
rowcast watch --audience says, is not looked at.`,
		Example: `  rowcast policy test policy.yaml --claims picker.json
  echo '{"id":1,"warehouse_id":5}' | rowcast policy test policy.yaml --claims picker.json --table order --row -`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case t.claims == "":
				return program.Usage(`policy test needs --claims, a file as in {"role":"picker","tenant_id":"acme"}`)
			case (t.table == "") != (t.row == ""):
				return program.Usage("--table and --row go together: the stem of a table, and a file with a row of it")
			}
			inputs := [][]byte{}
			for _, name := range []string{args[0], t.claims, t.row} {
				var text []byte
				if name != "" {
					var err error
					if text, err = claimed.File(name, cmd.InOrStdin()); err != nil {
						return err
					}
				}
				inputs = append(inputs, text)
			}
			return p.on(cmd, func(ctx context.Context, c *pgx.Conn, cfg config.Config) error {
				tables, err := store.Tables(ctx, c)
				if err != nil {
					return err //nolint:wrapcheck // it says what was being done
				}
				stored, err := check(args[0], inputs[0], tables)
				if err != nil {
					return err
				}
				return p.try(&t, cfg, &store.State{Applied: &store.Applied{}, Stored: stored, Tables: tables}, inputs[1], inputs[2])
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.claims, "claims", "", "file with the claims of a token, as JSON")
	flags.StringVar(&t.tenant, "tenant", "", "the tenant that is joined (default: the first that the claims name)")
	flags.StringVar(&t.table, "table", "", "stem of the table of --row")
	flags.StringVar(&t.row, "row", "", "file with a row, as JSON; - for the standard input")
	config.Bind(flags, "DATABASE_URL", "JWT_TENANT_CLAIM", "JWT_SUBJECT_CLAIM", "JWT_ROLE_CLAIM")
	return cmd
}

// try shows what a policy gives to claims.
func (p *commands) try(t *question, cfg config.Config, s *store.State, claimsText, rowText []byte) error {
	id, err := claimed.Identity(t.claims, claimsText, cfg)
	if err != nil {
		return err //nolint:wrapcheck // it says what is wrong with the claims
	}
	if t.tenant == "" && len(id.Tenants) > 0 {
		t.tenant = id.Tenants[0]
	}
	failed := &failures{}
	loaded, err := s.Load(failed)
	if err != nil {
		return errcode.With(refused, err)
	}
	v, err := loaded.Viewer(t.tenant, id.Roles, id.Claims)
	if err != nil {
		return errcode.With("limit-exceeded", err)
	}
	if t.table == "" {
		return p.overview(s.Tables, v, id.Roles)
	}
	i := slices.IndexFunc(s.Tables, func(table store.Table) bool { return table.Stem == t.table })
	if i < 0 {
		return program.Usage("no table is watched as %q", t.table)
	}
	if _, err := claimed.Object(t.row, rowText); err != nil {
		return err //nolint:wrapcheck // as above
	}
	return p.look(v.Table(s.Tables[i].ID), rowText, failed)
}

// overview shows what is seen of each table.
func (p *commands) overview(tables []store.Table, v *policy.Viewer, roles []string) error {
	held := strings.Join(roles, ", ")
	if held == "" {
		held = "none"
	}
	fmt.Fprintf(p.Stdout, "roles: %s\n", printer.Visible(held))
	line := func(name string, a *policy.Access) error {
		what := []string{}
		switch {
		case a.Everything():
			what = append(what, "everything")
		case a.None():
			what = append(what, "nothing")
		}
		for _, g := range a.Given() {
			what = append(what, fmt.Sprintf("%s of %s (role %s)", strings.Join(g.Columns.Names(), ", "), rowsWhere(g.Rows), g.Role))
		}
		for _, text := range what {
			if _, err := fmt.Fprintln(p.Stdout, printer.Visible(name+": "+text)); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range tables {
		if err := line(tables[i].Stem, v.Table(tables[i].ID)); err != nil {
			return err
		}
	}
	return line("presence", v.Presence())
}

// look shows what is left of a row.
func (p *commands) look(a *policy.Access, text []byte, failed *failures) error {
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return errcode.Misuse(err)
	}
	r := row.Scan(compact.Bytes(), nil)
	columns := a.Sees(&r, nil)
	for _, role := range failed.roles {
		fmt.Fprintf(p.Stderr, "note: the condition of role %s fails on this row, so the role does not see it\n", printer.Visible(role))
	}
	if columns == nil {
		fmt.Fprintln(p.Stdout, "the row is not seen")
		return program.Exit(1)
	}
	_, err := fmt.Fprintln(p.Stdout, printer.Visible(string(columns.AppendRow(nil, &r, nil))))
	return err
}
