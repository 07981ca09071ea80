package command

import (
	"github.com/spf13/cobra"

	"rowcast/internal/command/policies"
	"rowcast/internal/command/program"
	"rowcast/internal/command/types"
)

// commands makes the commands.
type commands struct{ *program.Program }

// New makes the tree of all commands.
func New(p *program.Program) *cobra.Command {
	c := &commands{p}
	root := p.Root(&cobra.Command{
		Use:   "rowcast",
		Short: "Committed PostgreSQL changes as socket events, per tenant, with nothing lost",
		Long: `Rowcast turns committed row changes in PostgreSQL into typed socket events, per
tenant, with nothing lost. Any writer counts: the app, psql, COPY, a batch job.`,
		Example: `  rowcast demo                                   see it work, nothing to set up
  DATABASE_URL=postgres://… rowcast migrate      install it in a database
  DATABASE_URL=postgres://… JWT_SECRET=… rowcast serve`,
	})
	root.AddCommand(c.serve(), c.demo(), c.migrate(), c.watch(), c.unwatch(), c.tail(), c.revoke(), c.version(), c.status(),
		c.doctor(), c.history(), c.replay(), c.prune(), c.token(), types.New(p), policies.New(p), c.config(), c.man(), c.bench())
	return root
}

// bench says where the benchmarks have gone.
func (p *commands) bench() *cobra.Command {
	return &cobra.Command{
		Use: "bench", Hidden: true, DisableFlagParsing: true, Short: "Moved: see rowcast-bench", Example: "  rowcast-bench write",
		RunE: func(*cobra.Command, []string) error {
			return program.Usage("the benchmarks are a program of their own: build it with go build ./cmd/rowcast-bench, and run rowcast-bench")
		},
	}
}

// oneTable wants the name of a table.
func oneTable(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return program.Usage("%s wants the name of one table, as in: %[1]s invoices", cmd.CommandPath())
	}
	return nil
}
