package command_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestErrorsOfCommandsHaveCodes: an error that a command makes itself has a code. One
// that it wraps has that of its cause. Variables of a package are told by what they are,
// and never reach people.
func TestErrorsOfCommandsHaveCodes(t *testing.T) {
	t.Parallel()
	coded := map[string]bool{"errcode.With": true, "errcode.Misuse": true}
	made := 0
	for _, pattern := range []string{"*.go", "overview/*.go", "policies/*.go", "program/*.go", "../service/*.go", "../demo/*.go", "../demo/embedded/*.go", "../../cmd/rowcast/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				given := map[ast.Expr]bool{} // what gets a code
				ast.Inspect(f, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					if !ok {
						return true
					}
					if callee := nameOf(call.Fun); coded[callee] {
						given[call.Args[len(call.Args)-1]] = true
					} else if callee == "errors.New" || callee == "fmt.Errorf" && !wraps(call) {
						made++
						if !given[call] {
							t.Errorf("%s: this error would end as unexpected; give it a code with errcode.With, or program.Usage", set.Position(call.Pos()))
						}
					}
					return true
				})
			}
		}
	}
	if made < 4 {
		t.Errorf("only %d errors are found", made)
	}
}

// nameOf is "errors.New" of a call of that.
func nameOf(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	pkg, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return pkg.Name + "." + s.Sel.Name
}

// wraps says whether a call of fmt.Errorf keeps a cause, or has its text from elsewhere.
func wraps(call *ast.CallExpr) bool {
	format, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return true
	}
	text, err := strconv.Unquote(format.Value)
	return err != nil || strings.Contains(text, "%w")
}
