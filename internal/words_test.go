package internal_test

import (
	"go/ast"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The words that are retired, with what is said instead: a thing has one name.
var (
	// identifiers are names in Go, TypeScript and SQL.
	identifiers = regexp.MustCompile(`(?i)^(topic|lsn|subscribers?|utils?` +
		`|rung|bell|doorbell` + // notify
		`|places?|nonces` + // sequence, cursor, start, quota
		`|seats?|seated|guest|strikes?` + // slot, check, bad command
		`|owes|breathe?|patience|hurry|oneWay|crossing` + // what is waited for
		`|replicas?|visitors?|deeds?|hinder|trials?` + // server, client, transaction, slow, run
		`|tells?|told|telling` + // report, send, notify
		`)$`)
	// retiredInTests are the names of tests that have a retired word.
	retiredInTests = regexp.MustCompile(`^(?:Test|Fuzz|Benchmark)\w*(?:Told|Tells|Telling|Doorbell|Rung|Seat|Guest)(?:[A-Z_]|$)`)
	// sqlWords are those of SQL files, comments included.
	sqlWords = regexp.MustCompile(`(?i)\b(doorbells?|rung|rowcast\.ring\((watched|tg_argv)|lsn|subscribers?)\b`)
	// documentWords are those that a reader of a document would not know.
	documentWords = regexp.MustCompile(`(?i)\b(doorbells?|rung|seated|lsn|subscribers?)\b`)
)

// TestWords keeps one word per concept in what the code calls things.
func TestWords(t *testing.T) {
	t.Parallel()
	for folder, files := range sources(t) {
		if identifiers.MatchString(path.Base(folder)) {
			t.Errorf("package %s has a name that is retired", folder)
		}
		for _, s := range files {
			if s.path == "internal/words_test.go" {
				continue
			}
			ast.Inspect(s.file, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && (identifiers.MatchString(id.Name) || retiredInTests.MatchString(id.Name)) {
					t.Errorf("%s uses the word %q, which is retired", s.path, id.Name)
				}
				return true
			})
		}
	}
	declared := regexp.MustCompile(`\b(?:const|let|var|function|class|interface|type)\s+(\w+)`)
	for name, text := range texts(t, ".ts", ".tsx", ".sql", ".md") {
		switch path.Ext(name) {
		case ".sql":
			if strings.HasPrefix(name, "migrations/") { // what was applied never changes
				continue
			}
			for _, word := range sqlWords.FindAllString(text, -1) {
				t.Errorf("%s uses the word %q, which is retired", name, word)
			}
		case ".md":
			for _, word := range documentWords.FindAllString(text, -1) {
				t.Errorf("%s uses the word %q, which is retired", name, word)
			}
		default:
			for _, found := range declared.FindAllStringSubmatch(text, -1) {
				if identifiers.MatchString(found[1]) {
					t.Errorf("%s uses the word %q, which is retired", name, found[1])
				}
			}
		}
	}
}

// texts reads the files of the module that have one of the extensions.
func texts(t *testing.T, extensions ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); base != ".." && strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || base == "dist" {
				return fs.SkipDir
			}
			return nil
		}
		for _, extension := range extensions {
			if filepath.Ext(name) == extension {
				text, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				relative, err := filepath.Rel(root, name)
				if err != nil {
					return err
				}
				found[filepath.ToSlash(relative)] = string(text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
