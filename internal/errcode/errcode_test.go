package errcode_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/errcode"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the page anew")

func TestEntriesAreWhole(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[errcode.Code]bool{}
	for _, e := range errcode.All() {
		if seen[e.Code] || !name.MatchString(string(e.Code)) {
			t.Errorf("the code %q is there twice, or not in lower case with dashes", e.Code)
		}
		seen[e.Code] = true
		for _, sentence := range []string{e.What, e.Why, e.Do} {
			if !strings.HasSuffix(sentence, ".") || strings.ContainsAny(sentence, "\n|") {
				t.Errorf("%s: %q is no sentence", e.Code, sentence)
			}
		}
		if e.Met == 0 || e.Met >= 1<<4 || (e.Met&errcode.Doctor != 0) != (e.Check != "") {
			t.Errorf("%s: met in %s, checked as %q", e.Code, e.Met, e.Check)
		}
	}
}

func TestCloseCodesAreRegistered(t *testing.T) {
	t.Parallel()
	codes := []errcode.Code{encode.Stale}
	for _, c := range transport.Closes() {
		codes = append(codes, c.Code)
	}
	for _, cause := range codes {
		if e, ok := errcode.Find(cause); !ok || e.Met&errcode.Client == 0 {
			t.Errorf("%s is no code for clients", cause)
		}
	}
}

// Codes are written as texts where problems are made.
func TestCodesOfTheSourceAreRegistered(t *testing.T) {
	t.Parallel()
	written := regexp.MustCompile(`(?:server\.Problem\{Code: |errcode\.With\(|hub\.Cause = |errcode\.Code = )"([a-z-]+)"`)
	found := 0
	for _, root := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range written.FindAllStringSubmatch(string(text), -1) {
				found++
				if _, ok := errcode.Find(errcode.Code(m[1])); !ok {
					t.Errorf("%s: the code %q is not in the registry", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 15 {
		t.Errorf("only %d codes are found in the source", found)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	const page = "ERRORS.md"
	if *update {
		if err := os.WriteFile(page, []byte(errcode.Markdown()), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil || string(text) != errcode.Markdown() {
		t.Errorf("%s is not what the registry says; run: go test ./internal/errcode -update (%v)", page, err)
	}
}

func TestErrorsKeepTheirCode(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := fmt.Errorf("do: %w", errcode.With("pooler", cause))
	if errcode.Of(err) != "pooler" || !errors.Is(err, cause) || err.Error() != "do: cause" || errcode.Of(cause) != "" || errcode.With("pooler", nil) != nil {
		t.Errorf("%v has the code %q", err, errcode.Of(err))
	}
	if got := errcode.Explain("pooler"); !strings.Contains(got, "LISTEN_DATABASE_URL") || !strings.Contains(got, "code: pooler") {
		t.Errorf("explained as %q", got)
	}
	if got := errcode.Explain("nonsense"); !strings.Contains(got, "code: unexpected") {
		t.Errorf("explained as %q", got)
	}
	if got := errcode.Code("forbidden").Title(); got != "The token does not allow this" {
		t.Errorf("the title is %q", got)
	}
}
