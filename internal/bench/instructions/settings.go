package instructions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Settings are what a user chooses.
type Settings struct {
	// Statements are the kinds to count; "none" alone counts none.
	Statements []string
}

const (
	// counted is how many statements of a kind the figure is the mean of.
	counted = 100
	// warmUp is how many come before: the session fills its caches and settles
	// on plans.
	warmUp = 50
)

// none leaves the count out.
const none = "none"

// Bind makes flags of the settings, with their defaults.
func (s *Settings) Bind(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.Statements, "instructions", names(), "statements whose instructions valgrind counts, comma-separated, or none; excluded and enum insert into tables with such a column")
}

// Check refuses settings that cannot be measured.
func (s Settings) Check() error {
	if slices.Equal(s.Statements, []string{none}) {
		return nil
	}
	if len(s.Statements) == 0 || len(s.kinds()) < len(s.Statements) {
		return fmt.Errorf("--instructions is %q; give some of %s, each once, or none", strings.Join(s.Statements, ","), strings.Join(names(), ","))
	}
	return nil
}

// kinds are the statements that were asked for.
func (s Settings) kinds() []statement {
	return slices.DeleteFunc(statements(), func(k statement) bool { return !slices.Contains(s.Statements, k.name) })
}

// Steps is how many a run has.
func (s Settings) Steps() int { return 2 * len(s.kinds()) }

func names() []string {
	var all []string
	for _, s := range statements() {
		all = append(all, s.name)
	}
	return all
}
