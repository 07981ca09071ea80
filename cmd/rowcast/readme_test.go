package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"rowcast/internal/config"
	"rowcast/internal/mapping"
)

var update = flag.Bool("update", false, "write the tables of the README anew")

const readme = "../../README.md"

// TestReadmeTables compares the tables of the README with what the program
// says of itself.
func TestReadmeTables(t *testing.T) {
	t.Parallel()
	var settings strings.Builder
	settings.WriteString("| name | meaning | default |\n|---|---|---|\n")
	for _, s := range config.Settings() {
		fmt.Fprintf(&settings, "| `%s` | %s | %s |\n", s.Name, s.Meaning, s.DefaultText())
	}
	var events strings.Builder
	events.WriteString("| event | when | data |\n|---|---|---|\n")
	for _, r := range mapping.Catalogue() {
		fmt.Fprintf(&events, "| `%s` | %s | `%s` |\n", r.Event, when(r), r.Shape())
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for name, table := range map[string]string{"settings": settings.String(), "events": events.String()} {
		block := regexp.MustCompile(`(?s)(<!-- ` + name + ` -->\n).*?(<!-- end -->)`)
		if !block.MatchString(got) {
			t.Fatalf("the README has no block %q", name)
		}
		got = block.ReplaceAllString(got, "${1}"+strings.ReplaceAll(table, "$", "$$")+"${2}")
	}
	if *update {
		if err := os.WriteFile(readme, []byte(got), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	} else if got != string(text) {
		t.Error("the tables of the README are not what the program says; run: go test ./cmd/rowcast -run TestReadmeTables -update")
	}
}

// when says what makes an event.
func when(r mapping.Rule) string {
	words := fmt.Sprintf("%s on %s", r.Op, strings.Replace(r.Table, "*", "any other watched table", 1))
	switch {
	case r.Table == "":
		words = "any of these changes to the four tables of the inventory"
	case r.Bulk:
		words = "more than `ROWCAST_BULK_ROWS` rows" + strings.TrimPrefix(words, r.Op.String())
	}
	if condition := r.When.String(); condition != "" {
		words += ", " + condition
	}
	return words
}
