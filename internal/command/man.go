package command

import (
	"fmt"
	"os"

	"rowcast/internal/command/program"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (p *commands) man() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Write the pages of the manual",
		Long: `Writes the page of the manual of rowcast to stdout, or those of all commands as
files into a directory.`,
		Example: `  rowcast man | man -l -
  rowcast man --dir /usr/local/share/man/man1`,
		Args: program.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			root := New(p.Program)
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Section: "1", Source: "Rowcast", Manual: "Rowcast"}
			if dir == "" {
				return doc.GenMan(root, header, p.Stdout)
			}
			const traversable = 0o755
			if err := os.MkdirAll(dir, traversable); err != nil {
				return fmt.Errorf("make the directory of the manual: %w", err)
			}
			if err := doc.GenManTree(root, header, dir); err != nil {
				return fmt.Errorf("write the manual to %s: %w", dir, err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "write the pages of all commands into this directory")
	return cmd
}
