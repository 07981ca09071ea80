package config_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"rowcast/internal/operate/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every field of Config has a setting, and every setting but PORT, which becomes
// Addr, has a field.
func TestSettingsMatchConfig(t *testing.T) {
	t.Parallel()
	var fields, names []string
	for f := range reflect.TypeFor[config.Config]().Fields() {
		if name := f.Tag.Get("env"); name != "" {
			fields = append(fields, name)
		}
	}
	for _, s := range config.Settings() {
		if s.Name != "PORT" {
			names = append(names, s.Name)
		}
		if s.Meaning == "" || s.DefaultText() == "" || s.Flag != config.FlagName(s.Name) {
			t.Errorf("incomplete setting %+v", s)
		}
	}
	slices.Sort(fields)
	slices.Sort(names)
	if !slices.Equal(fields, names) {
		t.Errorf("fields %q\nsettings %q", fields, names)
	}
}

func TestHelpNamesDefaultUnitAndVariable(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.Bind(flags)
	for _, s := range config.Settings() {
		f := flags.Lookup(s.Flag)
		if f == nil {
			t.Errorf("no flag --%s", s.Flag)
			continue
		}
		word, usage := pflag.UnquoteUsage(f)
		if !strings.Contains(usage, "default "+s.DefaultText()) || !strings.Contains(usage, "env "+s.Name) || word == "string" || word == "" {
			t.Errorf("--%s %s: %s", s.Flag, word, usage)
		}
	}
	if usage := flags.FlagUsages(); !strings.Contains(usage, "--rowcast-retention duration") {
		t.Errorf("usage:\n%s", usage)
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	candidates := []string{"database-url", "listen-database-url", "addr", "admin-addr", "rowcast-retention", "rowcast-notify", "origin"}
	for word, want := range map[string]string{
		"--database-ulr":  "database-url", // two letters swapped
		"databse-url":     "database-url",
		"DATABASE_URL":    "database-url",
		"adr":             "addr",
		"addrr":           "addr",
		"retention":       "rowcast-retention",
		"notify":          "rowcast-notify",
		"rowcast-origin":  "origin",
		"rowcast-rention": "rowcast-retention",
		"colour":          "",
		"x":               "",
		"":                "",
	} {
		if got := config.Suggest(word, candidates); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := config.Suggest(strings.Repeat("a", 1000), candidates); got != "" {
		t.Errorf("a long word gives %q", got)
	}
}

// One slip of the finger in a word of some length always finds the word.
func TestSuggestFindsOneSlip(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range config.Settings() {
		names = append(names, s.Name)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "name")
		i := rapid.IntRange(0, len(name)-2).Draw(t, "place")
		letter := rapid.StringMatching(`[A-Z_]`).Draw(t, "letter")
		word := rapid.SampledFrom([]string{
			name[:i] + name[i+1:],
			name[:i] + letter + name[i:],
			name[:i] + letter + name[i+1:],
			name[:i] + name[i+1:i+2] + name[i:i+1] + name[i+2:],
		}).Draw(t, "word")
		if got := config.Suggest(word, names); got == "" {
			t.Fatalf("Suggest(%q) finds nothing", word)
		} else if got != name && len(name) > 6 {
			t.Fatalf("Suggest(%q) = %q, want %q", word, got, name)
		}
	})
}
