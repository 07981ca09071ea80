package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxProblems bounds how many problems are listed at once.
const maxProblems = 50

// Problem is something in a policy that has to be mended.
type Problem struct {
	// Line is that of the file, 0 if it is not known.
	Line int
	// Path leads to it, as in "tables.order.roles.picker.rows".
	Path string
	// Detail says what is wrong, and what to do.
	Detail string
}

// String is the problem in one line.
func (p Problem) String() string {
	text := p.Detail
	if p.Path != "" {
		text = p.Path + ": " + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	return text
}

// Problems are all that were found, by their lines. They are an error, a problem a
// line.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, 0, len(p))
	for i, problem := range p {
		if i == maxProblems {
			lines = append(lines, fmt.Sprintf("and %d more", len(p)-maxProblems))
			break
		}
		lines = append(lines, problem.String())
	}
	return strings.Join(lines, "\n")
}

// Add adds a problem.
func (p *Problems) Add(line int, path, format string, values ...any) {
	*p = append(*p, Problem{line, path, fmt.Sprintf(format, values...)})
}

// Err is nil if there is no problem.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}
