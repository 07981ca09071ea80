package config

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

// FlagError says in plain words what is wrong with a flag of a command, given
// the error of pflag and the flags that there are.
func FlagError(command string, flags *pflag.FlagSet, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if wanted := wantedOf(invalid.GetFlag().Value.Type()); wanted != "" {
			return fmt.Errorf("--%s is %q; give %s", invalid.GetFlag().Name, invalid.GetValue(), wanted)
		}
	}
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return fmt.Errorf("%w; see: %s -h", err, command)
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return fmt.Errorf("unknown flag -%s of %s; see: %[2]s -h", name, command)
	}
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return fmt.Errorf("unknown flag --%s of %s%s; see: %[2]s -h", name, command, DidYouMean(name, names))
}

// wantedOf says what the values of a type of flag look like.
func wantedOf(kind string) string {
	switch kind {
	case "int", "int64":
		return "a whole number"
	case "float64":
		return "a number"
	case "intSlice":
		return "whole numbers, as in 1,16,64"
	case "duration":
		return "a time with its unit, as in 500ms, 10s or 2m"
	case "bool":
		return "true or false"
	}
	return ""
}

// DidYouMean is the end of a complaint about a word: a question with what
// Suggest suggests, or nothing.
func DidYouMean(word string, candidates []string) string {
	if s := Suggest(word, candidates); s != "" {
		return fmt.Sprintf(", did you mean %q?", s)
	}
	return ""
}
