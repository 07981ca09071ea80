package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/pflag"
)

// Load reads the settings that were bound to flags from them and from environ,
// which has the form of os.Environ. Settings that were not bound keep their
// defaults; with nil flags every setting is read from environ. The error is an
// *InvalidError.
func Load(flags *pflag.FlagSet, environ []string) (Config, error) {
	l, c := collect(flags, environ)
	if len(l.problems) > 0 {
		return Config{}, &InvalidError{Problems: l.problems}
	}
	err := env.ParseWithOptions(&c, env.Options{Environment: l.values})
	if err != nil {
		return Config{}, fmt.Errorf("convert settings: %w", err)
	}
	return c, nil
}

// collect reads every setting and settles what follows from several together.
func collect(flags *pflag.FlagSet, environ []string) (loader, Config) {
	environment := env.ToMap(environ)
	l := loader{environment: environment, values: map[string]string{}, sources: map[string]string{}}
	for _, s := range Settings() {
		l.read(s, flags)
	}
	l.problems = append(l.problems, unknown(environment)...)
	c := Config{UsesPGEnv: l.values["DATABASE_URL"] == "" && l.bound(flags, "DATABASE_URL") && namesDatabase(environment)}
	l.combine(c.UsesPGEnv)
	if c.UsesPGEnv {
		l.checkPGPort()
	}
	return l, c
}

// loader collects the value of each setting and everything that is wrong.
type loader struct {
	environment map[string]string
	// values holds the settings that have a value, defaults included.
	values map[string]string
	// sources says where the values that are no defaults came from.
	sources  map[string]string
	problems []Problem
}

func (l *loader) bound(flags *pflag.FlagSet, name string) bool {
	return flags == nil || flags.Lookup(FlagName(name)) != nil
}

// read finds the value of s and checks it.
func (l *loader) read(s Setting, flags *pflag.FlagSet) {
	if s.Default != "" {
		l.values[s.Name] = s.Default
	}
	if !l.bound(flags, s.Name) {
		return
	}
	value, source := l.environment[s.Name], sourceEnvironment
	if flags != nil && flags.Changed(s.Flag) {
		value, source = flags.Lookup(s.Flag).Value.String(), sourceFlag
	}
	if !s.Secret {
		value = strings.TrimSpace(value)
	}
	if value == "" {
		return
	}
	l.values[s.Name], l.sources[s.Name] = value, source
	r := s.kind.rule()
	if err := r.check(value); err != nil {
		text := "want " + r.accepts
		if !errors.Is(err, errForm) {
			text += "; " + err.Error()
		}
		l.problem(s.Name, text)
	}
}

// problem records that the value of the setting is wrong.
func (l *loader) problem(name, text string) {
	value := RedactURL(l.values[name])
	if i := slices.IndexFunc(Settings(), func(s Setting) bool { return s.Name == name }); Settings()[i].Secret {
		value = Secret(value).String()
	}
	l.problems = append(l.problems, Problem{Name: name, Source: l.sources[name], Value: value, Text: text})
}

// checkPGPort looks at the port where the database is named by PG* variables.
func (l *loader) checkPGPort() {
	port := l.environment["PGPORT"]
	if err := checkDatabasePorts("port=" + port); err != nil {
		l.problems = append(l.problems, Problem{Name: "PGPORT", Source: sourceEnvironment, Value: port, Text: err.Error()})
	}
}

// combine settles what follows from several settings together.
func (l *loader) combine(usesPGEnv bool) {
	if l.portWins() {
		l.values["ADDR"] = ":" + l.values["PORT"]
	}
	if collide(l.values["ADDR"], l.values["ADMIN_ADDR"]) {
		for _, name := range []string{"ADMIN_ADDR", "ADDR", "PORT"} {
			if l.sources[name] != "" {
				l.problem(name, "the public listener ("+l.values["ADDR"]+") and that for operators ("+l.values["ADMIN_ADDR"]+") need ports of their own")
				break
			}
		}
	}
	switch database := l.values["DATABASE_URL"]; {
	case l.sources["LISTEN_DATABASE_URL"] == "":
		l.values["LISTEN_DATABASE_URL"] = database
	case database == "" && !usesPGEnv:
		l.problem("LISTEN_DATABASE_URL", "set DATABASE_URL too: this is only a second way to the same database")
	}
}

// collide says whether two listeners cannot both bind their addresses.
func collide(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	everywhere := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	return hostA == hostB || everywhere(hostA) || everywhere(hostB)
}

// namesDatabase says whether PG* variables name a database.
func namesDatabase(environment map[string]string) bool {
	return slices.ContainsFunc([]string{"PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"}, func(name string) bool {
		return environment[name] != ""
	})
}
