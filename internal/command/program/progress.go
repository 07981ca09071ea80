package program

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is a bar on a terminal. The nil Progress shows nothing.
type Progress struct{ bar *progressbar.ProgressBar }

// Terminal says whether w is a terminal.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// NewProgress shows a bar of the given number of steps on w, if that is a
// terminal. stdout is where the report goes as format: one that is piped as
// JSON is for a program, so that nobody waits at a bar.
func NewProgress(w, stdout io.Writer, format string, steps int) *Progress {
	if !Terminal(w) || format == "json" && !Terminal(stdout) {
		return nil
	}
	return &Progress{progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth(),
	)}
}

// Doing says what is going on.
func (p *Progress) Doing(what string) {
	if p != nil {
		p.bar.Describe(what)
	}
}

// Step says that one more step is done.
func (p *Progress) Step() {
	if p != nil {
		// A terminal that is gone keeps nothing from being measured.
		_ = p.bar.Add(1)
	}
}

// Close takes the bar away.
func (p *Progress) Close() {
	if p != nil {
		_ = p.bar.Clear()
	}
}
