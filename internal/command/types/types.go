package types

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
	"rowcast/internal/web/gen"
)

// New makes the command.
func New(p *program.Program) *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use:   "types",
		Short: "Write the types of your tables and their events",
		Long: `Writes the types of the rows of every watched table, and of the data of every event,
as clients receive them: those of the active policy included. Columns that are excluded
are left out, and those that some role does not see may be missing. The client takes the
result: createFeed<Tables>().`,
		Example: `  rowcast types > src/tables.ts`,
		Args:    program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if language != "ts" {
				return program.Usage("--lang is %q; there is ts, for TypeScript", language)
			}
			cfg, err := p.Database(cmd)
			if err != nil {
				return err
			}
			var tables []gen.Table
			err = postgres.With(cmd.Context(), postgres.Connect, cfg.DatabaseURL, "rowcast types", func(ctx context.Context, c *pgx.Conn) error {
				tables, err = gen.Read(ctx, c)
				return err
			})
			switch {
			case err != nil:
				return err
			case len(tables) == 0:
				return errcode.With("nothing-there", errors.New("no table is watched, so there are no types to write; see rowcast watch"))
			}
			if _, err := p.Stdout.Write(gen.Types(tables)); err != nil {
				return fmt.Errorf("write the types: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&language, "lang", "ts", "the language: ts")
	config.Bind(cmd.Flags(), "DATABASE_URL")
	return cmd
}
