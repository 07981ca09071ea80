package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"rowcast/internal/failpoint"
)

// prefix marks the variables that are ours alone.
const prefix = "ROWCAST_"

// Kubernetes and linked containers describe services called rowcast or rowcast-…
// with variables of these forms.
var serviceVariable = regexp.MustCompile(`_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$`)

// unknown reports variables with our prefix that are no setting.
func unknown(environment map[string]string) []Problem {
	var names []string
	for _, s := range Settings() {
		names = append(names, s.Name)
	}
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		value := environment[name]
		if !strings.HasPrefix(name, prefix) || slices.Contains(names, name) || serviceVariable.MatchString(name) {
			continue
		}
		if name == failpoint.Variable || (strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")) {
			continue
		}
		text := "no such setting"
		if near := Suggest(name, names); near != "" {
			text += "; did you mean " + near + "?"
		}
		problems = append(problems, Problem{Name: name, Source: sourceEnvironment, Value: redacted, Text: text})
	}
	return problems
}
