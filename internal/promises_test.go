package internal_test

import (
	"bytes"
	"cmp"
	"go/ast"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPromisesNameTheirTests checks the tests that package comments name: each exists in
// the package, or in the one that is named before it, as in "ws: TestRequests". Each
// guarantee names one that is run: a benchmark counts if .ci/run holds it to its bound.
func TestPromisesNameTheirTests(t *testing.T) {
	t.Parallel()
	all := sources(t)
	tests := map[string][]string{} // the packages that have it
	for folder, files := range all {
		for _, s := range files {
			for _, d := range s.file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && isTest(s) {
					tests[f.Name.Name] = append(tests[f.Name.Name], folder)
				}
			}
		}
	}
	run, err := os.ReadFile(root + "/.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`[();]|(?:([\w/-]+):\s+)?\b((?:Test|Fuzz|Benchmark)[A-Z]\w+)`)
	for folder, files := range all {
		for _, s := range files {
			if isTest(s) || s.file.Doc == nil {
				continue
			}
			text := s.file.Doc.Text()
			where := ""
			for _, m := range named.FindAllStringSubmatch(text, -1) {
				name := m[2]
				if m[1] != "" || name == "" {
					where = m[1]
				}
				held := slices.ContainsFunc(tests[name], func(in string) bool {
					return in == folder && where == "" || where != "" && (in == where || path.Base(in) == where)
				})
				if name != "" && !held {
					t.Errorf("%s promises %s of package %q, which does not have it; packages %q do", s.path, name, cmp.Or(where, path.Base(folder)), tests[name])
				}
			}
			for _, promise := range guarantees(text) {
				held := strings.Contains(promise, ".test.ts")
				for _, m := range named.FindAllStringSubmatch(promise, -1) {
					held = held || m[2] != "" && (!strings.HasPrefix(m[2], "Benchmark") || bytes.Contains(run, []byte(m[2])))
				}
				if !held {
					t.Errorf("%s promises without a test: %s", s.path, promise)
				}
			}
		}
	}
}

// guarantees are the points below the heading of that name in a package comment.
func guarantees(doc string) (points []string) {
	_, below, found := strings.Cut(doc, "# Guarantees\n")
	if !found {
		return nil
	}
	below, _, _ = strings.Cut(below, "\n# ")
	for _, point := range strings.Split(below, "\n  - ")[1:] {
		points = append(points, strings.Join(strings.Fields(point), " "))
	}
	return points
}
