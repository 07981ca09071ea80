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
	maxPackage = 1500
	maxMedian  = 150
	// maxBenchmark bounds the benchmark, all its packages together.
	maxBenchmark = 4000
)

// arrows says which packages of the module a package may import. Data flows
// from the change log to the transports; only the service and the commands know
// everyone. Nothing but its own program knows the benchmark, and nothing of the
// product what tests use.
var arrows = map[string][]string{
	"cmd/rowcast":                        {"internal/command", "internal/command/program"},
	"cmd/rowcast-bench":                  {"internal/bench", "internal/bench/fanout", "internal/bench/instructions", "internal/bench/latency", "internal/bench/stage", "internal/bench/write", "internal/command/program", "internal/demo/devpg", "internal/demo/embedded", "internal/errcode", "internal/operate/config", "internal/service"},
	"internal/access/auth":               {"internal/access/auth/keyset"},
	"internal/access/auth/keyset":        {},
	"internal/access/limit":              {},
	"internal/access/origin":             {},
	"internal/access/revocation":         {"internal/access/auth", "internal/postgres", "sql"},
	"internal/access/tenant":             {"internal/access/auth", "internal/postgres", "sql"},
	"internal/bench":                     {},
	"internal/bench/fanout":              {"internal/access/auth", "internal/access/origin", "internal/bench", "internal/bench/load", "internal/bench/measure", "internal/bench/stage", "internal/command/program", "internal/feed", "internal/hub", "internal/hub/room", "internal/hub/signal", "internal/mapping", "internal/server", "internal/transport", "internal/transport/ws"},
	"internal/bench/instructions":        {"internal/bench", "internal/command/program", "internal/demo/devpg", "internal/demo/devpg/proc"},
	"internal/bench/latency":             {"internal/bench", "internal/bench/load", "internal/bench/measure", "internal/bench/stage", "internal/command/program"},
	"internal/bench/load":                {"internal/bench/measure"},
	"internal/bench/measure":             {"internal/bench"},
	"internal/bench/stage":               {"internal/access/auth", "internal/bench", "internal/operate/config", "internal/service"},
	"internal/bench/write":               {"internal/bench", "internal/bench/measure", "internal/bench/stage", "internal/command/program"},
	"internal/changelog":                 {"internal/changelog/notify", "internal/changelog/keeper", "internal/changelog/logrow", "internal/feed", "sql"},
	"internal/changelog/notify":          {},
	"internal/changelog/jsontext":        {},
	"internal/changelog/keeper":          {"internal/changelog/notify", "sql", "triggers"},
	"internal/changelog/logrow":          {"internal/changelog/jsontext", "internal/failpoint", "internal/feed", "sql"},
	"internal/command":                   {"internal/access/auth", "internal/access/tenant", "internal/changelog", "internal/command/claimed", "internal/command/overview", "internal/command/policies", "internal/command/printer", "internal/command/program", "internal/command/types", "internal/demo", "internal/demo/devpg", "internal/demo/embedded", "internal/errcode", "internal/feed", "internal/mapping", "internal/operate/config", "internal/operate/doctor", "internal/operate/systemd", "internal/postgres", "internal/service", "sql"},
	"internal/command/claimed":           {"internal/access/auth", "internal/access/tenant", "internal/command/program", "internal/errcode", "internal/feed", "internal/mapping", "internal/operate/config", "internal/view", "internal/view/policy", "internal/view/policy/store"},
	"internal/command/overview":          {"internal/command/printer", "internal/postgres", "sql"},
	"internal/command/policies":          {"internal/command/claimed", "internal/command/printer", "internal/command/program", "internal/errcode", "internal/feed/row", "internal/operate/config", "internal/postgres", "internal/view/policy", "internal/view/policy/store"},
	"internal/command/printer":           {"internal/access/auth", "internal/changelog", "internal/command/claimed", "internal/command/program", "internal/feed", "internal/feed/unreadable", "internal/mapping", "internal/transport/encode"},
	"internal/command/program":           {"internal/changelog", "internal/errcode", "internal/feed", "internal/operate/config", "internal/postgres"},
	"internal/command/types":             {"internal/command/program", "internal/errcode", "internal/operate/config", "internal/postgres", "internal/web/gen"},
	"internal/demo":                      {"internal/access/auth", "internal/demo/devpg", "internal/demo/embedded", "internal/demo/inventory", "internal/demo/inventory/api", "internal/errcode", "internal/operate/config", "internal/postgres", "internal/service", "internal/view/policy/store", "internal/web"},
	"internal/demo/devpg":                {"internal/demo/devpg/pgbin", "internal/demo/devpg/proc"},
	"internal/demo/devpg/pgbin":          {"internal/demo/devpg/proc"},
	"internal/demo/devpg/proc":           {},
	"internal/demo/embedded":             {"internal/demo/devpg", "internal/demo/devpg/pgbin", "internal/errcode", "internal/operate/config", "internal/postgres"},
	"internal/demo/inventory":            {},
	"internal/demo/inventory/api":        {"internal/access/auth", "internal/demo/inventory", "internal/errcode", "internal/transport", "internal/transport/encode"},
	"internal/errcode":                   {},
	"internal/failpoint":                 {},
	"internal/feed":                      {},
	"internal/feed/unreadable":           {"internal/failpoint", "internal/feed"},
	"internal/hub":                       {"internal/feed", "internal/hub/registry", "internal/hub/room", "internal/hub/session", "internal/hub/signal", "internal/hub/stream"},
	"internal/hub/page":                  {"internal/access/limit", "internal/feed", "internal/hub/ring", "internal/view"},
	"internal/hub/registry":              {},
	"internal/hub/ring":                  {"internal/feed", "internal/view"},
	"internal/hub/room":                  {"internal/access/limit", "internal/errcode", "internal/failpoint", "internal/feed", "internal/feed/unreadable", "internal/hub/page", "internal/hub/ring", "internal/hub/signal", "internal/hub/stream", "internal/view"},
	"internal/hub/session":               {"internal/errcode", "internal/failpoint", "internal/feed", "internal/hub/page", "internal/hub/registry", "internal/hub/ring", "internal/hub/room", "internal/hub/signal", "internal/hub/stream", "internal/view"},
	"internal/hub/signal":                {"internal/errcode", "internal/feed"},
	"internal/hub/stream":                {"internal/failpoint", "internal/feed", "internal/feed/unreadable", "internal/hub/ring", "internal/view"},
	"internal/mapping":                   {"internal/feed", "internal/feed/row"},
	"internal/feed/row":                  {},
	"internal/snapshot":                  {"internal/feed", "internal/postgres", "internal/view/where", "sql"},
	"internal/test/rows":                 {},
	"internal/view":                      {"internal/failpoint", "internal/feed", "internal/feed/row", "internal/mapping", "internal/view/policy", "internal/view/where"},
	"internal/view/bind":                 {"internal/postgres", "internal/view", "internal/view/policy", "internal/view/where", "sql"},
	"internal/view/rules":                {"internal/postgres", "internal/view/policy", "internal/view/policy/store", "sql"},
	"internal/view/where":                {"internal/failpoint", "internal/feed", "internal/feed/row"},
	"internal/view/policy":               {"internal/failpoint", "internal/feed", "internal/feed/row", "internal/view/policy/document", "internal/view/policy/rule", "internal/view/where"},
	"internal/view/policy/document":      {},
	"internal/view/policy/store":         {"internal/mapping", "internal/postgres", "internal/view/policy", "internal/view/policy/rule", "sql"},
	"internal/view/policy/rule":          {"internal/feed/row"},
	"internal/operate/config":            {"internal/failpoint"},
	"internal/operate/doctor":            {"internal/access/auth", "internal/access/origin", "internal/errcode", "internal/postgres", "internal/view/policy", "internal/view/policy/store", "migrations", "sql", "triggers"},
	"internal/operate/health":            {"internal/postgres", "sql", "triggers"},
	"internal/operate/metric":            {"internal/changelog", "internal/errcode", "internal/feed", "internal/hub/room", "internal/hub/stream", "internal/operate/health", "internal/transport/rows", "internal/view/rules"},
	"internal/operate/systemd":           {},
	"internal/postgres":                  {"migrations", "migrations/inventory", "triggers"},
	"internal/server":                    {"internal/access/auth", "internal/access/origin", "internal/errcode", "internal/transport", "internal/wire/socket"},
	"internal/service":                   {"internal/access/auth", "internal/access/limit", "internal/access/origin", "internal/access/revocation", "internal/access/tenant", "internal/changelog", "internal/errcode", "internal/feed", "internal/feed/unreadable", "internal/hub", "internal/hub/room", "internal/hub/signal", "internal/mapping", "internal/operate/config", "internal/operate/health", "internal/operate/metric", "internal/operate/systemd", "internal/postgres", "internal/server", "internal/snapshot", "internal/transport", "internal/transport/history", "internal/transport/refusal", "internal/transport/rows", "internal/transport/socketio", "internal/transport/sse", "internal/transport/ws", "internal/view", "internal/view/bind", "internal/view/rules", "internal/web/client", "sql"},
	"internal/test/clients":              {},
	"internal/test/conform":              {},
	"internal/test/faults":               {},
	"internal/test/pgtest":               {"internal/demo/devpg", "internal/postgres", "migrations/inventory"},
	"internal/test/raw":                  {},
	"internal/test/servetest":            {"internal/access/auth", "internal/access/origin", "internal/errcode", "internal/feed", "internal/hub", "internal/hub/room", "internal/hub/session", "internal/hub/signal", "internal/postgres", "internal/test/pgtest", "internal/transport"},
	"internal/test/work":                 {"internal/postgres"},
	"internal/transport":                 {"internal/access/auth", "internal/access/limit", "internal/access/tenant", "internal/errcode", "internal/hub", "internal/hub/session", "internal/hub/signal", "internal/mapping", "internal/transport/refusal", "internal/view", "internal/view/policy", "internal/view/where", "internal/wire/websocket"},
	"internal/transport/refusal":         {"internal/access/auth", "internal/access/limit", "internal/errcode"},
	"internal/transport/encode":          {"internal/errcode", "internal/feed", "internal/hub/signal"},
	"internal/transport/history":         {"internal/access/limit", "internal/access/tenant", "internal/errcode", "internal/feed", "internal/feed/unreadable", "internal/mapping", "internal/transport", "internal/transport/encode", "internal/view", "internal/view/policy"},
	"internal/transport/rows":            {"internal/access/auth", "internal/access/limit", "internal/access/tenant", "internal/errcode", "internal/feed", "internal/feed/row", "internal/hub/signal", "internal/snapshot", "internal/transport", "internal/transport/encode", "internal/view", "internal/view/where"},
	"internal/transport/socketio":        {"internal/access/auth", "internal/errcode", "internal/feed", "internal/hub", "internal/hub/session", "internal/hub/signal", "internal/transport", "internal/transport/encode", "internal/wire/engineio", "internal/wire/socketio", "internal/wire/socketio/script"},
	"internal/transport/sse":             {"internal/errcode", "internal/feed", "internal/hub", "internal/hub/session", "internal/hub/signal", "internal/transport", "internal/transport/encode", "internal/wire/socket"},
	"internal/transport/ws":              {"internal/errcode", "internal/feed", "internal/hub", "internal/hub/session", "internal/hub/signal", "internal/transport", "internal/transport/encode", "internal/wire/socket", "internal/wire/websocket"},
	"internal/web":                       {"internal/web/static"},
	"internal/web/client":                {"internal/web/static"},
	"internal/web/e2e":                   {},
	"internal/web/gen":                   {"internal/feed", "internal/mapping", "internal/postgres", "internal/view/policy", "internal/view/policy/store", "sql"},
	"internal/web/npm":                   {},
	"internal/web/static":                {"internal/transport"},
	"internal/wire/engineio":             {"internal/wire/socket", "internal/wire/websocket"},
	"internal/wire/socket":               {},
	"internal/wire/socketio":             {"internal/wire/engineio", "internal/wire/socket", "internal/wire/websocket"},
	"internal/wire/socketio/conformance": {"internal/errcode", "internal/feed", "internal/hub", "internal/hub/room", "internal/hub/session", "internal/hub/signal", "internal/wire/engineio", "internal/wire/socket", "internal/wire/socketio"},
	"internal/wire/socketio/script":      {},
	"internal/wire/websocket":            {"internal/wire/socket"},
	"migrations":                         {},
	"migrations/inventory":               {},
	"sql":                                {},
	"triggers":                           {},
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
				if ours && !slices.Contains(allowed, target) {
					t.Errorf("%s imports %s, against the arrows", s.path, target)
				}
			}
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	var all []int
	benchmark := 0
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
		if folder == "cmd/rowcast-bench" || folder == "internal/bench" || strings.HasPrefix(folder, "internal/bench/") {
			benchmark += total
		}
		if total > maxPackage {
			t.Errorf("package %s has %d lines; %d are allowed", folder, total, maxPackage)
		}
	}
	if benchmark == 0 || benchmark > maxBenchmark {
		t.Errorf("the benchmark has %d lines; %d are allowed", benchmark, maxBenchmark)
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

// TestSQLIsInFiles checks that a statement which takes more than a line is in a .sql
// file, where it can be read and run.
func TestSQLIsInFiles(t *testing.T) {
	t.Parallel()
	statement := regexp.MustCompile(`(?i)^\s*(select|insert|update|delete|with|create|alter|drop|copy)\s`)
	for _, files := range sources(t) {
		for _, s := range files {
			if isTest(s) {
				continue
			}
			ast.Inspect(s.file, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && strings.HasPrefix(text.Value, "`") &&
					statement.MatchString(text.Value[1:]) && strings.Contains(text.Value, "\n") {
					t.Errorf("%s holds a statement of several lines: %.60s", s.path, strings.TrimSpace(text.Value[1:]))
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
