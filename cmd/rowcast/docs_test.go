package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the one of the repository.
const root = "../.."

// read are the documents, by their path from the root.
func read(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"README.md", "cmd/rowcast/*.md", "internal/errcode/ERRORS.md", "internal/web/client/README.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d documents, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.ToSlash(name)] = string(text)
		}
	}
	return all
}

// TestLinksLeadSomewhere follows every link within the documents, also to a heading,
// and finds every guide in the README.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	documents := read(t)
	link := regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)]*))?\)`)
	for name, text := range documents {
		for _, m := range link.FindAllStringSubmatch(withoutCode(text), -1) {
			target, anchor := m[1], m[2]
			if strings.Contains(target, ":") {
				continue // another site
			}
			to := name
			if target != "" {
				to = filepath.Join(filepath.Dir(name), target)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if anchor != "" && !slices.Contains(headings(documents[to]), anchor) {
				t.Errorf("%s: %s has no heading #%s", name, to, anchor)
			}
		}
	}
	for name := range documents {
		if strings.HasPrefix(name, "cmd/") && !strings.Contains(documents["README.md"], "]("+name+")") {
			t.Errorf("the README does not lead to %s", name)
		}
	}
}

// headings are the anchors of a document.
func headings(text string) (anchors []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		anchors = append(anchors, strings.ReplaceAll(plain, " ", "-"))
	}
	return anchors
}

// TestDocumentsNameWhatThereIs looks up the tests, files and packages that documents for
// contributors name.
func TestDocumentsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	documents := read(t)
	tests, files, folders := whatThereIs(t)
	quoted := regexp.MustCompile("`([^`\n]+)`")
	found := 0
	for _, name := range []string{"cmd/rowcast/ARCHITECTURE.md", "cmd/rowcast/EXTEND.md"} {
		text := documents[name]
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			word := m[1]
			switch {
			case regexp.MustCompile(`^Test[A-Z]\w*$`).MatchString(word):
				found++
				if !tests[word] {
					t.Errorf("%s: there is no test %s", name, word)
				}
			case regexp.MustCompile(`^[\w/-]+\.(go|ts|sql)$`).MatchString(word) && !strings.Contains(word, "cancelled"):
				found++
				if !files[filepath.Base(word)] {
					t.Errorf("%s: there is no file %s", name, word)
				}
			}
		}
		for _, m := range regexp.MustCompile(`(?:of|in) package ([a-z]+)\b`).FindAllStringSubmatch(text, -1) {
			found++
			if !folders[m[1]] {
				t.Errorf("%s: there is no package %s", name, m[1])
			}
		}
	}
	// The table of parts names packages and folders in its second column.
	for _, m := range regexp.MustCompile(`(?m)^\| [^|]+ \| ([a-z, ]+) \| [^|]+ \|$`).FindAllStringSubmatch(documents["cmd/rowcast/ARCHITECTURE.md"], -1) {
		for part := range strings.SplitSeq(m[1], ", ") {
			found++
			if part != "package" && !folders[part] {
				t.Errorf("ARCHITECTURE.md: there is no package %s", part)
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d names are found", found)
	}
}

// whatThereIs are the names of the tests, files and folders of the module.
func whatThereIs(t *testing.T) (tests, files, folders map[string]bool) {
	t.Helper()
	tests, files, folders = map[string]bool{}, map[string]bool{}, map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch base := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (base == "node_modules" || strings.HasPrefix(base, ".") && base != ".."):
			return fs.SkipDir
		case d.IsDir():
			folders[base] = true
		default:
			files[base] = true
			if strings.HasSuffix(base, "_test.go") {
				text, err := os.ReadFile(name)
				for _, m := range declared.FindAllSubmatch(text, -1) {
					tests[string(m[1])] = true
				}
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests, files, folders
}

// withoutCode leaves out the blocks of code.
func withoutCode(text string) string {
	return regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```$").ReplaceAllString(text, "")
}
