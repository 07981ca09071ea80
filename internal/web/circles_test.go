package web_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// imports finds what a file of TypeScript imports by a relative path. Types are erased
// and make no circle.
var imports = regexp.MustCompile(`(?m)^(?:import|export) (?:type )?[^;]*?from "(\.[^"]+)"`)

// TestImportsGoOneWay: no file imports itself through others.
func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	graph := map[string][]string{}
	for _, root := range []string{"app/src", "client/src"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains([]string{".ts", ".tsx"}, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range imports.FindAllStringSubmatch(string(text), -1) {
				if strings.Contains(m[0], "import type") || strings.Contains(m[0], "export type") {
					continue
				}
				target := filepath.Join(filepath.Dir(path), m[1])
				if name, ok := strings.CutSuffix(target, ".js"); ok {
					target = name + ".ts"
				}
				graph[path] = append(graph[path], target)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(graph) < 50 {
		t.Fatalf("%d files import others", len(graph))
	}
	done := map[string]bool{}
	var visit func(file string, path []string)
	visit = func(file string, path []string) {
		if i := slices.Index(path, file); i >= 0 {
			t.Errorf("a circle: %s", strings.Join(append(path[i:], file), " -> "))
			return
		}
		if done[file] {
			return
		}
		for _, next := range graph[file] {
			visit(next, append(slices.Clone(path), file))
		}
		done[file] = true
	}
	for file := range graph {
		visit(file, nil)
	}
}
