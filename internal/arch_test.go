// Package internal_test holds the shape of the code: which package may import
// which, how large things may grow, and which words are not used.
package internal_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

const (
	module = "rowcast"
	root   = ".."
	// maxFile and maxPackage bound hand-written Go, in lines without tests.
	maxFile    = 500
	maxPackage = 2000
	maxMedian  = 150
)

// arrows says which packages of the module a package may import. Data flows
// from the change log to the transports; only commands know everyone.
var arrows = map[string][]string{
	"cmd/rowcast":                    {"*"},
	"internal/feed":                  {},
	"internal/config":                {"internal/failpoint"},
	"internal/devpg":                 {"internal/devpg/pgbin", "internal/devpg/proc"},
	"internal/devpg/pgbin":           {"internal/devpg/proc"},
	"internal/devpg/proc":            {},
	"internal/pgtest":                {"internal/devpg"},
	"internal/servetest":             {"internal/auth", "internal/pgtest", "internal/postgres"},
	"internal/clients":               {},
	"internal/conform":               {},
	"internal/auth":                  {"internal/auth/keyset"},
	"internal/auth/keyset":           {},
	"internal/mapping":               {"internal/feed"},
	"internal/errcode":               {},
	"internal/jsontext":              {},
	"internal/unreadable":            {"internal/failpoint", "internal/feed"},
	"internal/changelog":             {"internal/changelog/notify", "internal/changelog/logrow", "internal/feed", "sql"},
	"internal/changelog/logrow":      {"internal/failpoint", "internal/feed", "internal/jsontext", "sql"},
	"internal/changelog/notify":      {},
	"internal/hub":                   {"internal/errcode", "internal/failpoint", "internal/feed", "internal/hub/page", "internal/hub/registry", "internal/hub/ring", "internal/hub/stream", "internal/limit", "internal/unreadable"},
	"internal/hub/page":              {"internal/feed", "internal/hub/ring", "internal/limit"},
	"internal/hub/registry":          {},
	"internal/hub/ring":              {"internal/feed"},
	"internal/hub/stream":            {"internal/failpoint", "internal/feed", "internal/hub/ring", "internal/unreadable"},
	"internal/socket":                {},
	"internal/websocket":             {"internal/socket"},
	"internal/engineio":              {"internal/socket", "internal/websocket"},
	"internal/socketio":              {"internal/engineio", "internal/socket", "internal/websocket"},
	"internal/socketio/script":       {},
	"internal/socketio/conformance":  {"internal/engineio", "internal/errcode", "internal/feed", "internal/hub", "internal/socket", "internal/socketio", "internal/websocket"},
	"internal/limit":                 {},
	"internal/transport":             {"internal/auth", "internal/errcode", "internal/feed", "internal/hub", "internal/limit", "internal/mapping", "internal/tenant", "internal/websocket"},
	"internal/transport/ws":          {"internal/auth", "internal/errcode", "internal/feed", "internal/hub", "internal/socket", "internal/transport", "internal/websocket"},
	"internal/transport/socketio":    {"internal/auth", "internal/engineio", "internal/errcode", "internal/feed", "internal/hub", "internal/socketio", "internal/socketio/script", "internal/transport"},
	"internal/transport/sse":         {"internal/auth", "internal/errcode", "internal/feed", "internal/hub", "internal/socket", "internal/transport"},
	"internal/transport/history":     {"internal/errcode", "internal/feed", "internal/hub", "internal/limit", "internal/mapping", "internal/transport", "internal/unreadable"},
	"internal/postgres":              {"migrations", "migrations/inventory", "triggers"},
	"internal/server":                {"internal/auth", "internal/errcode", "internal/hub", "internal/socket", "internal/transport"},
	"internal/health":                {"internal/postgres", "sql"},
	"internal/revocation":            {"internal/auth", "internal/postgres", "sql"},
	"internal/tenant":                {"internal/auth", "internal/postgres", "sql"},
	"internal/doctor":                {"internal/auth", "internal/errcode", "internal/postgres", "migrations", "sql"},
	"internal/printer":               {"internal/changelog", "internal/feed", "internal/mapping", "internal/transport", "internal/unreadable"},
	"internal/operator":              {"internal/auth", "internal/bench/measure", "internal/changelog", "internal/config", "internal/doctor", "internal/errcode", "internal/feed", "internal/mapping", "internal/postgres", "internal/printer", "internal/tenant", "sql"},
	"internal/systemd":               {},
	"internal/metric":                {"internal/changelog", "internal/errcode", "internal/feed", "internal/health", "internal/hub"},
	"internal/inventory":             {},
	"internal/inventory/api":         {"internal/auth", "internal/errcode", "internal/hub", "internal/inventory", "internal/transport"},
	"internal/web":                   {"internal/transport"},
	"internal/web/e2e":               {},
	"internal/web/gen":               {"internal/feed", "internal/mapping"},
	"internal/web/npm":               {},
	"migrations":                     {},
	"migrations/inventory":           {},
	"triggers":                       {},
	"sql":                            {},
	"internal/bench":                 {},
	"internal/bench/child":           {},
	"internal/bench/measure":         {"internal/bench"},
	"internal/bench/output":          {"internal/bench"},
	"internal/bench/write":           {"internal/bench", "internal/bench/child", "internal/bench/measure", "internal/changelog", "internal/feed", "internal/postgres"},
	"internal/bench/scratch":         {},
	"internal/bench/instructions":    {"internal/bench", "internal/bench/measure", "internal/devpg", "internal/devpg/proc"},
	"internal/bench/latency":         {"internal/bench", "internal/bench/child", "internal/bench/measure", "internal/bench/scratch", "internal/bench/stage"},
	"internal/bench/stage":           {"internal/auth", "internal/bench", "internal/bench/child"},
	"internal/bench/fanout":          {"internal/bench", "internal/bench/child", "internal/bench/measure"},
	"internal/bench/fanout/database": {"internal/bench/child", "internal/bench/fanout", "internal/bench/measure", "internal/bench/scratch"},
	"internal/bench/fanout/drive":    {"internal/bench", "internal/bench/child", "internal/bench/fanout", "internal/bench/fanout/database", "internal/bench/fanout/hubonly", "internal/bench/fanout/reference", "internal/bench/measure", "internal/bench/stage"},
	"internal/bench/fanout/hubonly":  {"internal/auth", "internal/bench/child", "internal/bench/fanout", "internal/feed", "internal/hub", "internal/mapping", "internal/server", "internal/transport", "internal/transport/socketio", "internal/transport/ws"},
	"internal/failpoint":             {},
	"internal/faults":                {},

	"internal/bench/fanout/reference": {"internal/bench/child", "internal/bench/fanout"},
}

// allowedRoot is what the root of the repository holds.
var allowedRoot = []string{"cmd", "sql", "internal", "migrations", "triggers", "go.mod", "go.sum", "README.md", "LICENSE"}

type source struct {
	path  string
	lines int
	file  *ast.File
	text  []byte
}

// sources parses the Go files of the module, by package folder.
func sources(t *testing.T) map[string][]source {
	t.Helper()
	found := map[string][]source{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base != ".." && strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		folder := path.Dir(relative)
		found[folder] = append(found[folder], source{relative, bytes.Count(text, []byte("\n")), file, text})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func isTest(s source) bool { return strings.HasSuffix(s.path, "_test.go") }

func TestArrowsGoOneWay(t *testing.T) {
	t.Parallel()
	for folder, files := range sources(t) {
		allowed, known := arrows[folder]
		for _, s := range files {
			if isTest(s) {
				continue
			}
			if !known {
				t.Errorf("package %s is not in the table of arrows", folder)
				break
			}
			for _, i := range s.file.Imports {
				imported, err := strconv.Unquote(i.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				target, ours := strings.CutPrefix(imported, module+"/")
				if ours && !slices.Contains(allowed, target) && !slices.Contains(allowed, "*") {
					t.Errorf("%s imports %s, against the arrows", s.path, target)
				}
			}
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	var all []int
	for folder, files := range sources(t) {
		total := 0
		for _, s := range files {
			if s.lines > maxFile {
				t.Errorf("%s has %d lines; split it, %d are allowed", s.path, s.lines, maxFile)
			}
			if !isTest(s) {
				total += s.lines
				all = append(all, s.lines)
			}
		}
		if total > maxPackage {
			t.Errorf("package %s has %d lines; %d are allowed", folder, total, maxPackage)
		}
	}
	slices.Sort(all)
	if median := all[len(all)/2]; median > maxMedian {
		t.Errorf("the median file has %d lines; %d are allowed", median, maxMedian)
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	t.Parallel()
	for folder, files := range sources(t) {
		documented := slices.ContainsFunc(files, func(s source) bool { return s.file.Doc != nil })
		if !documented {
			t.Errorf("package %s has no package comment", folder)
		}
	}
}

// TestPromisesNameTheirTests checks that each Test… named in a package comment
// exists in the package, or in one that tests it from outside.
func TestPromisesNameTheirTests(t *testing.T) {
	t.Parallel()
	all := sources(t)
	tests := map[string]bool{}
	for _, files := range all {
		for _, s := range files {
			for _, d := range s.file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && isTest(s) {
					tests[f.Name.Name] = true
				}
			}
		}
	}
	named := regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w+`)
	for _, files := range all {
		for _, s := range files {
			if isTest(s) || s.file.Doc == nil {
				continue
			}
			for _, name := range named.FindAllString(s.file.Doc.Text(), -1) {
				if !tests[name] {
					t.Errorf("%s promises %s, which does not exist", s.path, name)
				}
			}
		}
	}
}

// TestWords keeps one word per concept in what the code calls things.
func TestWords(t *testing.T) {
	t.Parallel()
	banned := regexp.MustCompile(`(?i)^(topic|lsn|subscriber|subscribers|util|utils)$`)
	for folder, files := range sources(t) {
		if banned.MatchString(path.Base(folder)) {
			t.Errorf("package %s has a name that says nothing", folder)
		}
		for _, s := range files {
			ast.Inspect(s.file, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && banned.MatchString(id.Name) {
					t.Errorf("%s uses the word %q", s.path, id.Name)
				}
				return true
			})
		}
	}
}

func TestRootIsAsFixed(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowedRoot, e.Name()) {
			t.Errorf("%s does not belong in the root", e.Name())
		}
	}
}
