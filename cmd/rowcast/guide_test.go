package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"rowcast/internal/changelog"
	"rowcast/internal/errcode"
	"rowcast/internal/feed/unreadable"
	"rowcast/internal/hub/room"
	"rowcast/internal/mapping"
	"rowcast/internal/operate/config"
	"rowcast/internal/operate/doctor"
	"rowcast/internal/operate/health"
	"rowcast/internal/operate/metric"
	"rowcast/internal/transport"
	"rowcast/internal/transport/rows"
)

var update = flag.Bool("update", false, "write the tables of the guides anew")

// guides are the documents with tables, and the tables.
func guides(t *testing.T) map[string]map[string]string {
	t.Helper()
	return map[string]map[string]string{
		"OPERATE.md":  {"settings": settingsTable(), "metrics": metricsTable(t)},
		"CLIENTS.md":  {"events": eventsTable(), "closes": closesTable(t)},
		"PROTOCOL.md": protocolTables(t),
	}
}

// TestTablesOfTheGuides compares the tables with what the program says of itself.
func TestTablesOfTheGuides(t *testing.T) {
	t.Parallel()
	for name, tables := range guides(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := string(text)
		for block, table := range tables {
			block := regexp.MustCompile(`(?s)(<!-- ` + block + ` -->\n).*?(<!-- end -->)`)
			if !block.MatchString(got) {
				t.Fatalf("%s has no block %q", name, block)
			}
			got = block.ReplaceAllString(got, "${1}"+strings.ReplaceAll(table, "$", "$$")+"${2}")
		}
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil { //nolint:gosec // a document
				t.Fatal(err)
			}
		} else if got != string(text) {
			t.Errorf("the tables of %s are not what the program says; run: go test ./cmd/rowcast -run TestTablesOfTheGuides -update", name)
		}
	}
}

// TestGuideCountsTheChecks: the number of checks in the guide is right.
func TestGuideCountsTheChecks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("OPERATE.md")
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`makes (\d+) checks`).FindSubmatch(text); m == nil || string(m[1]) != fmt.Sprint(len(doctor.Checks())) {
		t.Errorf("OPERATE.md counts %q checks, there are %d", m, len(doctor.Checks()))
	}
}

func settingsTable() string {
	var b strings.Builder
	b.WriteString("| name | meaning | default |\n|---|---|---|\n")
	for _, s := range config.Settings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, s.Meaning, s.DefaultText())
	}
	return b.String()
}

func eventsTable() string {
	var b strings.Builder
	b.WriteString("| event | when | data |\n|---|---|---|\n")
	for _, r := range mapping.Catalogue() {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", r.Event, when(r), r.Shape())
	}
	return b.String()
}

func closesTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| code | reason | comes back | what is wrong | what to do |\n|---|---|---|---|---|\n")
	for _, c := range transport.Closes() {
		e, ok := errcode.Find(c.Code)
		if !ok {
			t.Fatalf("%s is in no registry", c.Code)
		}
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s | %s |\n", c.Number, c.Code, map[bool]string{true: "yes", false: "no"}[c.ComesBack], e.What, e.Do)
	}
	return b.String()
}

// metricsTable lists what a server shows of its own.
func metricsTable(t *testing.T) string {
	t.Helper()
	registry := metric.New(metric.Sources{
		Tail: func() changelog.Status { return changelog.Status{Checked: time.Now()} },
		Hub: func() room.Stats {
			return room.Stats{Names: map[string]int64{"order:created": 1}, Transports: map[string]int64{"ws": 1}}
		},
		Health:    func() health.Status { return health.Status{Checked: time.Now()} },
		Observers: metric.NewObservers(), Codes: transport.Codes(),
		Refusals: new(transport.Refusals).Counts, Unreadable: new(unreadable.Log).Counts, Rows: new(rows.Handler).Stats,
	})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| metric | kind | labels | what it is |\n|---|---|---|---|\n")
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "rowcast_") {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, "`"+l.GetName()+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, ", "), f.GetHelp())
	}
	return b.String()
}

// when says what makes an event.
func when(r mapping.Rule) string {
	words := fmt.Sprintf("%s on %s", r.Op, strings.Replace(r.Table, "*", "any other watched table", 1))
	switch {
	case r.Table == "":
		words = "any of these changes to the four tables of the inventory"
	case r.Unreadable:
		words = "a change" + strings.TrimPrefix(words, r.Op.String()) + " that cannot be read"
	case r.Bulk:
		words = "more than `ROWCAST_BULK_ROWS` rows" + strings.TrimPrefix(words, r.Op.String())
	}
	if condition := r.When.String(); condition != "" {
		words += ", " + condition
	}
	return words
}
