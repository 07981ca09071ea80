package sql_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/sql"
)

var update = flag.Bool("update", false, "write the table of the guide anew")

// head is what a script says of itself.
type head struct {
	name, what string
	// variables are as in the head: the name, and what it is.
	variables [][2]string
}

var (
	firstLine = regexp.MustCompile(`^-- ([a-z_]+\.sql): (.+\.)\n--\n--     (psql .+)\n`)
	variable  = regexp.MustCompile(`(?m)^-- ([a-z_]+)  +(.+)$`)
	undo      = regexp.MustCompile(`(?m)^-- Undo: .{20}`)
)

// headOf checks the form of a script and reads its head.
func headOf(t *testing.T, name string) head {
	t.Helper()
	data, err := fs.ReadFile(sql.Scripts, name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	first := firstLine.FindStringSubmatch(text)
	if first == nil || first[1] != name || !strings.Contains(first[3], "-f sql/"+name) {
		t.Fatalf("%s does not begin with its name, what it does and an example", name)
	}
	comment, body, found := strings.Cut(text, "\n\n")
	if !found || !undo.MatchString(comment) {
		t.Errorf("%s does not say how to undo it", name)
	}
	if !strings.HasPrefix(body, "\\set ON_ERROR_STOP on\n") {
		t.Errorf("%s does not stop at the first error", name)
	}
	h := head{name: name, what: first[2]}
	for _, v := range variable.FindAllStringSubmatch(comment, -1) {
		h.variables = append(h.variables, [2]string{v[1], v[2]})
	}
	// The variables of the head are those that may be given.
	var documented, asked []string
	for _, v := range h.variables {
		documented = append(documented, v[0])
	}
	for _, a := range regexp.MustCompile(`\\if :\{\?([a-z_]+)\}`).FindAllStringSubmatch(body, -1) {
		asked = append(asked, a[1])
	}
	slices.Sort(documented)
	slices.Sort(asked)
	if diff := cmp.Diff(documented, asked); diff != "" {
		t.Errorf("%s: variables of the head (-) and of the script (+):\n%s", name, diff)
	}
	return h
}

// TestFilesAreQueriesOrScripts holds each file to be a query of the program or a script.
func TestFilesAreQueriesOrScripts(t *testing.T) {
	t.Parallel()
	var source []byte
	for _, name := range []string{"embed.go", "doctor.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	scripts, err := fs.Glob(sql.Scripts, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, directive := range regexp.MustCompile(`//go:embed (.+)\n`).FindAllStringSubmatch(string(source), -1) {
		for pattern := range strings.FieldsSeq(directive[1]) {
			names, err := filepath.Glob(pattern)
			if err != nil {
				t.Fatal(err)
			}
			named = append(named, names...)
		}
	}
	slices.Sort(named)
	files, err := filepath.Glob("*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files, named); diff != "" {
		t.Errorf("files (-) and what embed.go tells of them (+):\n%s", diff)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		forPsql := strings.Contains(string(text), "\n\\")
		if forPsql != slices.Contains(scripts, name) {
			t.Errorf("%s is for psql: %t; it is among the scripts: %t", name, forPsql, !forPsql)
		}
	}
}

// TestGuideListsTheScripts compares the table of OPERATE.md with the heads.
func TestGuideListsTheScripts(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("embed.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(source), "// Scripts are for psql.")
	var table strings.Builder
	table.WriteString("| script | what it does | variables |\n|---|---|---|\n")
	for _, name := range regexp.MustCompile(`[a-z_]+\.sql`).FindAllString(list, -1) {
		h := headOf(t, name)
		var variables []string
		for _, v := range h.variables {
			mark := ""
			if strings.Contains(v[1], "; required") {
				mark = " (required)"
			}
			variables = append(variables, "`"+v[0]+"`"+mark)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", h.name, strings.TrimSuffix(h.what, "."), strings.Join(variables, ", "))
	}
	const readme = "../cmd/rowcast/OPERATE.md"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)(<!-- scripts -->\n).*?(<!-- end -->)`)
	if !block.Match(text) {
		t.Fatal(`OPERATE.md has no block "scripts"`)
	}
	got := block.ReplaceAllString(string(text), "${1}"+strings.ReplaceAll(table.String(), "$", "$$")+"${2}")
	if *update {
		if err := os.WriteFile(readme, []byte(got), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	} else if got != string(text) {
		t.Error("the table of OPERATE.md is not what the scripts say; run: go test ./sql -run TestGuideListsTheScripts -update")
	}
}
