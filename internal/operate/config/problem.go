package config

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with the settings.
type Problem struct {
	// Name is the environment variable of the setting.
	Name string
	// Source says where the value came from: "environment" or "flag".
	Source string
	// Value is the value, with secrets redacted.
	Value string
	// Text says what is accepted or what to do.
	Text string
}

// String is one line for people, naming the flag when the value came from it.
func (p Problem) String() string {
	name := p.Name
	if p.Source == sourceFlag {
		name = "--" + FlagName(p.Name)
	}
	return fmt.Sprintf("%s=%q (%s): %s", name, p.Value, p.Source, p.Text)
}

// InvalidError is what Load returns: every problem with the settings at once.
type InvalidError struct{ Problems []Problem }

// Error lists the problems, one a line.
func (e *InvalidError) Error() string {
	if len(e.Problems) == 1 {
		return "bad setting " + e.Problems[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d bad settings:", len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		b.WriteString(p.String())
	}
	return b.String()
}

// Where values come from.
const (
	sourceEnvironment = "environment"
	sourceFlag        = "flag"
)
