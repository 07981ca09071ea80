package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/bench"
)

// output is where a report goes, as a user asks for.
type output struct {
	format string
	// plots is a directory for pictures, empty for none.
	plots string
	// strict makes a missed bar an error.
	strict bool
}

func (o *output) bind(flags *pflag.FlagSet) {
	flags.StringVarP(&o.format, "output", "o", "text", "text, or json")
	flags.StringVar(&o.plots, "plots", "", "also write a picture of each chart into this directory, as SVG")
	flags.BoolVar(&o.strict, "check", false, "exit with 1 if a bar is missed")
}

// check refuses what could not be written at the end.
func (o *output) check() error {
	if o.format != "text" && o.format != "json" {
		return fmt.Errorf("-o is %q; it is text or json", o.format)
	}
	if at, err := os.Stat(o.plots); o.plots != "" && (err != nil || !at.IsDir()) {
		return fmt.Errorf("--plots is %q, which is no directory; make it first", o.plots)
	}
	return nil
}

// write reports on stdout and, if asked, as pictures.
func (o *output) write(stdout io.Writer, r *bench.Report) error {
	render := r.Text
	if o.format == "json" {
		render = r.JSON
	}
	if err := render(stdout); err != nil {
		return err
	}
	for _, c := range r.Charts {
		if o.plots == "" {
			break
		}
		var picture strings.Builder
		if err := c.SVG(&picture); err != nil {
			return err
		}
		const readable = 0o644
		if err := os.WriteFile(filepath.Join(o.plots, r.Name+"-"+c.Key+".svg"), []byte(picture.String()), readable); err != nil {
			return fmt.Errorf("write a picture: %w", err)
		}
	}
	var missed []string
	for _, b := range r.Bars {
		if o.strict && b.Verdict == bench.Missed {
			missed = append(missed, b.Name)
		}
	}
	if len(missed) > 0 {
		return fmt.Errorf("missed: %s", strings.Join(missed, "; "))
	}
	return nil
}

// commandLine is what was asked, without what may hold a password.
func commandLine(cmd *cobra.Command) string {
	words := []string{cmd.CommandPath()}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case strings.HasSuffix(f.Name, "database-url") || f.Name == "plots":
		case f.Value.Type() == "bool":
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name, strings.Trim(f.Value.String(), "[]"))
		}
	})
	return strings.Join(words, " ")
}
