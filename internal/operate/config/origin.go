package config

import "github.com/spf13/pflag"

// Value is a setting as it is in effect.
type Value struct {
	Name string `json:"name"`
	// Value is the value without its secrets; empty if the setting has none.
	Value string `json:"value"`
	// Origin is where it comes from: "flag", "environment", "default", or the
	// setting that it follows from.
	Origin string `json:"origin"`
}

// Values are all settings as they are in effect, in the order of the
// documentation. The error is an *InvalidError; the values are there
// nevertheless.
func Values(flags *pflag.FlagSet, environ []string) ([]Value, error) {
	l, c := collect(flags, environ)
	var values []Value
	for _, s := range Settings() {
		v := Value{Name: s.Name, Value: RedactURL(l.values[s.Name]), Origin: l.sources[s.Name]}
		if s.Secret {
			v.Value = Secret(l.values[s.Name]).String()
		}
		switch {
		case v.Origin != "":
		case s.Name == "DATABASE_URL" && c.UsesPGEnv:
			v.Origin = "PG* variables"
		case s.Name == "LISTEN_DATABASE_URL" && (v.Value != "" || c.UsesPGEnv):
			v.Origin = "DATABASE_URL"
		default:
			v.Origin = "default"
		}
		if s.Name == "ADDR" && l.portWins() {
			v.Origin = "PORT"
		}
		values = append(values, v)
	}
	if len(l.problems) > 0 {
		return values, &InvalidError{Problems: l.problems}
	}
	return values, nil
}

// portWins says whether ADDR follows from PORT: ADDR wins over it, but a flag
// wins over the environment.
func (l *loader) portWins() bool {
	addrWins := l.sources["ADDR"] == sourceFlag || l.sources["ADDR"] == sourceEnvironment && l.sources["PORT"] != sourceFlag
	return l.sources["PORT"] != "" && !addrWins
}
