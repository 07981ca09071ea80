package errcode

import (
	"fmt"
	"strings"
)

// Markdown is the page of all codes.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Error codes\n\nWhat each code means and what to do. Made from the registry; `go test ./internal/errcode -update` writes it anew.\n\n")
	b.WriteString("Codes are stable. *Client*: problem documents (`type` is `urn:rowcast:error:<code>`), `error` messages, reasons of close frames. " +
		"*Ready*: reasons of `/readyz`. *Command*: what a command ends with. *Doctor*: what `rowcast doctor` looks for.\n")
	for _, e := range All() {
		fmt.Fprintf(&b, "\n## `%s`\n\n%s\n\n- Where: %s\n", e.Code, e.What, e.Met)
		if e.Check != "" {
			fmt.Fprintf(&b, "- `rowcast doctor` looks at: %s\n", e.Check)
		}
		fmt.Fprintf(&b, "- Why: %s\n- What to do: %s\n", e.Why, e.Do)
	}
	return b.String()
}

// String names the areas.
func (a Area) String() string {
	var names []string
	for i, name := range []string{"client", "ready", "command", "doctor"} {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// Explain says of an error what it means and what to do, for a terminal.
func Explain(code Code) string {
	e, ok := Find(code)
	if !ok {
		e, _ = Find(Unexpected)
	}
	return fmt.Sprintf("  why:  %s\n  do:   %s\n  code: %s", e.Why, e.Do, e.Code)
}
