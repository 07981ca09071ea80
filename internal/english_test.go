package internal_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What bounds a sentence, in words: of what people read to use the feed, and of the
// comments that explain a line.
const (
	maxWords   = 25
	maxComment = 30
)

// idioms are ways to say something that a reader has to read twice.
var idioms = map[string]*regexp.Regexp{
	"who without a noun: name the client, the session, the role": regexp.MustCompile(`(?:^|[.,;] )[Ww]ho [a-z]|\b[Ww]hoever\b`),
	"told: say what is sent, received, reported":                 regexp.MustCompile(`(?i)\b(?:tells?|telling|told)\b`),
	"double negation":         regexp.MustCompile(`(?i)\b(?:nobody|nothing|never|no one) \w+ \w*\s?(?:none|nobody|nothing)\b`),
	"it is false if: returns": regexp.MustCompile(`(?i)\bit is (?:true|false) (?:if|once)\b`),
	"has something do: says what it does": regexp.MustCompile(`(?i)\b(?:has|have|had) (?:the|a|an|it|them|each|every|all) \w+ ` +
		`(?:continue|find|look|join|make|end|read|write|wait|decide|call|proved|read)\b`),
}

var (
	testNames  = regexp.MustCompile(`\([^()]*\b(?:Test|Fuzz|Benchmark)[A-Z][^()]*\)`)
	inlineCode = regexp.MustCompile("`[^`]*`")
	target     = regexp.MustCompile(`\]\([^)]*\)`)
	comment    = regexp.MustCompile(`<!--.*?-->`)
	fenced     = regexp.MustCompile("(?s)```.*?```")
	item       = regexp.MustCompile(`^\s*(?:[-*]|\d+\.) `)
	sentence   = regexp.MustCompile("[.!?:][)\"*”]*\\s+[A-Z`*\\[“\"(]|[.!?:]\\s+[a-z]")
)

// TestEnglish bounds the sentences of documents, package comments and the help
// of settings and metrics, and those of the comments in Go and SQL. It bans what
// makes them hard.
func TestEnglish(t *testing.T) {
	t.Parallel()
	checked := 0
	check := func(name string, most int, paragraphs []string) {
		t.Helper()
		checked += checkEnglish(t, name, most, paragraphs)
	}
	for name, text := range texts(t, ".md") {
		check(name, maxWords, paragraphs(fenced.ReplaceAllString(text, "\n\n")))
	}
	for name, text := range texts(t, ".sql") {
		if !strings.HasPrefix(name, "migrations/") { // what was applied never changes
			check(name, maxComment, sqlComments(text))
		}
	}
	for _, files := range sources(t) {
		for _, s := range files {
			if isTest(s) {
				continue
			}
			check(s.path, maxWords, helps(s.file))
			for _, group := range s.file.Comments {
				if group == s.file.Doc {
					check(s.path, maxWords, paragraphs(group.Text()))
				} else {
					check(s.path, maxComment, paragraphs(group.Text()))
				}
			}
		}
	}
	if checked < 5000 {
		t.Errorf("only %d sentences are found", checked)
	}
}

// sqlComments are the paragraphs of the comments in a file of SQL. A line with a gap is
// one of a table.
func sqlComments(text string) []string {
	var comments strings.Builder
	for line := range strings.Lines(text) {
		if _, comment, found := strings.Cut(line, "-- "); found {
			comment = strings.TrimSpace(comment)
			if strings.Contains(comment, "  ") {
				comments.WriteByte('\n')
			}
			comments.WriteString(comment)
		}
		comments.WriteByte('\n')
	}
	return paragraphs(comments.String())
}

// helps are the texts that are shown as the help of a metric, a setting, a
// command or a flag.
func helps(file *ast.File) (found []string) {
	add := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if text, err := strconv.Unquote(l.Value); err == nil {
				found = append(found, paragraphs(text)...)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Help", "Meaning", "Short", "Long"}, key.Name) {
				add(n.Value)
			}
		case *ast.CallExpr:
			if slices.Contains([]string{"gauge", "counter", "describe", "NewDesc"}, called(n)) && len(n.Args) > 1 {
				add(n.Args[1])
			}
		}
		return true
	})
	return found
}

// called is the name of the function that a call calls.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// paragraphs cuts a text at empty lines, items and cells. What is indented is an
// example.
func paragraphs(text string) (found []string) {
	var now []string
	end := func() {
		if len(now) > 0 {
			found = append(found, strings.Join(now, " "))
		}
		now = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
			end()
			continue
		case strings.HasPrefix(line, "\t"):
			end()
			continue
		case strings.HasPrefix(line, "|"):
			end()
			for cell := range strings.SplitSeq(line, "|") {
				now = append(now, strings.TrimSpace(cell))
				end()
			}
			continue
		case item.MatchString(line):
			end()
			line = item.ReplaceAllString(line, "")
		case strings.HasPrefix(line, "    ") && len(now) == 0:
			continue
		}
		now = append(now, strings.TrimSpace(line))
	}
	end()
	return found
}

// checkEnglish returns how many sentences it found.
func checkEnglish(t *testing.T, name string, most int, paragraphs []string) (checked int) {
	t.Helper()
	for _, p := range paragraphs {
		p = testNames.ReplaceAllString(p, "")
		p = inlineCode.ReplaceAllString(p, "CODE")
		p = target.ReplaceAllString(p, "]")
		p = comment.ReplaceAllString(p, "")
		for _, s := range sentences(p) {
			checked++
			if words := len(strings.Fields(s)); words > most {
				t.Errorf("%s has a sentence of %d words, %d are allowed: %s", name, words, most, s)
			}
			for what, idiom := range idioms {
				if found := idiom.FindString(s); found != "" {
					t.Errorf("%s says %q in %q (%s)", name, found, s, what)
				}
			}
		}
	}
	return checked
}

// sentences cuts a paragraph after a full stop or a colon.
func sentences(p string) (found []string) {
	for {
		at := sentence.FindStringIndex(p)
		if at == nil {
			return append(found, p)
		}
		found = append(found, p[:at[1]-1])
		p = p[at[1]-1:]
	}
}
