package config

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"
)

// Bind registers the flags of the named settings, or of all settings when no
// name is given. It panics when a name is no setting: that is a mistake in the
// program.
func Bind(flags *pflag.FlagSet, names ...string) {
	all := Settings()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s Setting) bool { return s.Name == name }) {
			panic("config: bind a setting that does not exist: " + name)
		}
	}
	for _, s := range all {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			flags.String(s.Flag, "", usage(s))
		}
	}
}

// usage is the help text of the flag of s. The word in backquotes names the value.
func usage(s Setting) string {
	return fmt.Sprintf("%s (`%s`; default %s; env %s)", s.Meaning, s.kind.rule().word, s.DefaultText(), s.Name)
}
