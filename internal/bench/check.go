package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Within refuses the value of a flag that is not from least to most.
func Within[T cmp.Ordered](flag string, value, least, most T) error {
	if value >= least && value <= most { // nor NaN
		return nil
	}
	return fmt.Errorf("--%s is %v; give %v to %v", flag, value, least, most)
}

// OneOf refuses the value of a flag that is none of these.
func OneOf(flag, value string, known ...string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return fmt.Errorf("--%s is %q; give %s", flag, value, strings.Join(known, " or "))
}
