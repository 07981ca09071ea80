// Package output is where the report of a benchmark goes, as a user asks for.
//
// # Guarantees
//
//   - What could not be written at the end is refused before anything is
//     measured (TestBenchMistakes), and a file appears as a whole or not at all
//     (TestBenchWrite).
//   - A bar that was missed is an error only if it was asked for, and the report
//     is there in any case (TestBenchCheck).
//   - The command line of a report holds no password (TestBenchWrite).
//
// # Failures
//
// Mistakes name the flag.
package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/bench"
)

// Output is what a user asks for.
type Output struct {
	// Format is text or json.
	Format string
	// HTML is a file for the report with plots, empty for none.
	HTML string
	// Check makes a missed bar an error.
	Check bool

	file *os.File
}

// Bind makes flags of it, with their defaults.
func (o *Output) Bind(flags *pflag.FlagSet) {
	flags.StringVarP(&o.Format, "output", "o", "text", "text, or json")
	flags.StringVar(&o.HTML, "html", "", "also write the report with plots to this file")
	flags.BoolVar(&o.Check, "check", false, "exit with 1 if a bar is missed")
}

// Open refuses what could not be written at the end. The caller closes.
func (o *Output) Open() (err error) {
	if o.Format != "text" && o.Format != "json" {
		return fmt.Errorf("-o is %q; it is text or json", o.Format)
	}
	if o.HTML == "" {
		return nil
	}
	if at, err := os.Stat(o.HTML); err == nil && at.IsDir() {
		return fmt.Errorf("--html %s is a directory; name a file in it", o.HTML)
	}
	if o.file, err = os.CreateTemp(filepath.Dir(o.HTML), ".rowcast-bench-*.html"); err != nil {
		return fmt.Errorf("--html %s cannot be written: %w", o.HTML, err)
	}
	return nil
}

// Close removes what was not finished.
func (o *Output) Close() {
	if o.file != nil {
		_ = o.file.Close() // closed already if it was finished
		_ = os.Remove(o.file.Name())
	}
}

// Write reports on stdout and, if asked, as a file.
func (o *Output) Write(stdout io.Writer, r *bench.Report) error {
	render := r.Text
	if o.Format == "json" {
		render = r.JSON
	}
	if err := render(stdout); err != nil {
		return err
	}
	if o.file != nil {
		const readable = 0o644
		err := errors.Join(r.HTML(o.file), o.file.Chmod(readable), o.file.Close())
		if err == nil {
			err = os.Rename(o.file.Name(), o.HTML)
		}
		if err != nil {
			return fmt.Errorf("write --html %s: %w", o.HTML, err)
		}
	}
	if o.Check && !r.Met() {
		return missed(r)
	}
	return nil
}

// missed names the bars that were missed.
func missed(r *bench.Report) error {
	var names []string
	for _, b := range r.Bars {
		if b.Verdict == bench.Missed {
			names = append(names, b.Name)
		}
	}
	return fmt.Errorf("missed: %s", strings.Join(names, "; "))
}

// CommandLine is what was asked, without what may hold a password.
func CommandLine(cmd *cobra.Command) string {
	words := []string{cmd.CommandPath()}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case strings.HasSuffix(f.Name, "database-url") || f.Name == "html":
		case f.Value.Type() == "bool":
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name, strings.Trim(f.Value.String(), "[]"))
		}
	})
	return strings.Join(words, " ")
}
