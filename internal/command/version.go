package command

import (
	"fmt"
	"runtime"

	"rowcast/internal/command/program"
	"rowcast/internal/service"

	"github.com/spf13/cobra"
)

func (p *commands) version() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  rowcast version",
		Args:    program.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(p.Stdout, "rowcast %s %s %s/%s\n", service.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
