package command

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/command/program"
	"rowcast/internal/operate/config"
)

func (p *commands) config() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Show and check the settings",
		Example: "  rowcast config print --origin\n  rowcast config check",
		Args:    program.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.configPrint(), p.configCheck())
	return cmd
}

func (p *commands) configPrint() *cobra.Command {
	var (
		origin bool
		output string
	)
	// The flag of the setting ORIGIN gives way to that of the command.
	settings := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	config.Bind(settings)
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Print every setting as it is in effect",
		Long: `Prints the name and the value of every setting, without secrets, as rowcast serve
would take them with the same flags and environment.`,
		Example: "  rowcast config print --origin\n  rowcast config print -o json --port 8081",
		Args:    program.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := textOrJSON(output); err != nil {
				return err
			}
			values, invalid := config.Values(settings, p.Environ)
			if output == "json" {
				return errors.Join(writeJSON(p.Stdout, values), invalid)
			}
			table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
			for _, v := range values {
				fmt.Fprintf(table, "%s\t%s", v.Name, v.Value)
				if origin {
					fmt.Fprintf(table, "\t%s", v.Origin)
				}
				fmt.Fprintln(table)
			}
			return errors.Join(table.Flush(), invalid)
		},
	}
	cmd.Flags().BoolVar(&origin, "origin", false, "also say where each value comes from")
	format(cmd, &output, "text, or json", " (always with the origin)")
	settings.VisitAll(func(f *pflag.Flag) {
		if f.Name != "origin" {
			cmd.Flags().AddFlag(f)
		}
	})
	return cmd
}

func (p *commands) configCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check every setting and name everything that is wrong",
		Long: `Checks the form of every setting, and that there is no unknown ROWCAST_ variable.
Whether a database answers or a key is good, rowcast doctor finds out.`,
		Example: "  rowcast config check",
		Args:    program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := config.Load(cmd.Flags(), p.Environ); err != nil {
				return err
			}
			_, err := fmt.Fprintln(p.Stdout, "the settings are well-formed")
			return err
		},
	}
	config.Bind(cmd.Flags())
	return cmd
}
