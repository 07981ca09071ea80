package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// uses collects what an expression uses, before its types are checked.
type uses struct {
	schema *Schema
	source *ast.SourceInfo
	// when is true for the condition of an event.
	when bool
	// rowColumns and oldColumns are those of row and old, claims the paths of claims.
	rowColumns, oldColumns []string
	claims                 [][]string
	problems               []string
}

func (u *uses) fail(e ast.Expr, format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	if at := u.source.GetStartLocation(e.ID()); at.Line() > 0 {
		text = fmt.Sprintf("at %d:%d: %s", at.Line(), at.Column()+1, text)
	}
	u.problems = append(u.problems, text)
}

// ident is the name of a variable, empty if the expression is none.
func ident(e ast.Expr) string {
	if e.Kind() != ast.IdentKind {
		return ""
	}
	return strings.TrimPrefix(e.AsIdent(), ".")
}

// walk looks at an expression and what is in it.
func (u *uses) walk(e ast.Expr) {
	switch e.Kind() {
	case ast.IdentKind:
		u.variable(e)
	case ast.SelectKind, ast.CallKind:
		if !u.path(e) {
			u.inside(e)
		}
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			u.walk(element)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			u.walk(entry.AsMapEntry().Key())
			u.walk(entry.AsMapEntry().Value())
		}
	case ast.ComprehensionKind:
		u.comprehension(e)
	case ast.StructKind:
		u.fail(e, "objects of a type cannot be made in a rule")
	case ast.LiteralKind, ast.UnspecifiedExprKind:
	}
}

func (u *uses) comprehension(e ast.Expr) {
	c := e.AsComprehension()
	if v := c.IterVar(); slices.Contains([]string{"row", "old", "claims", "tenant", "op"}, v) {
		u.fail(e, "%q is a variable already; give the one of the macro another name", v)
	}
	for _, part := range []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
		u.walk(part)
	}
}

// inside looks at the parts of a selection or call.
func (u *uses) inside(e ast.Expr) {
	if e.Kind() == ast.SelectKind {
		u.walk(e.AsSelect().Operand())
		return
	}
	call := e.AsCall()
	args := call.Args()
	if f := call.FunctionName(); (f == operators.Equals || f == operators.NotEquals) && len(args) == 2 && u.when {
		for i := range args { // old == null
			if ident(args[i]) == "old" && literalNull(args[1-i]) {
				return
			}
		}
	}
	if call.IsMemberFunction() {
		u.walk(call.Target())
	}
	for _, arg := range args {
		u.walk(arg)
	}
}

func literalNull(e ast.Expr) bool {
	return e.Kind() == ast.LiteralKind && e.AsLiteral() == types.NullValue
}

// variable looks at a variable that stands alone.
func (u *uses) variable(e ast.Expr) {
	switch name := ident(e); name {
	case "row":
		u.fail(e, "row is used by its columns, as in row.id")
	case "old":
		if u.known(e, name) {
			u.fail(e, "old is used by its columns, as in old.id, or compared with null")
		}
	case "claims":
		if u.known(e, name) {
			u.fail(e, `claims are used by their names, as in claims.warehouses or claims["https://example.com/region"]; has(claims.region) asks whether there is one`)
		}
	case "op":
		u.known(e, name)
	}
}

// known says whether the condition has a variable.
func (u *uses) known(e ast.Expr, name string) bool {
	switch {
	case u.when && name == "claims":
		u.fail(e, "an event is the same for everybody, so when has no claims; say in rows who sees the row")
	case !u.when && (name == "old" || name == "op"):
		u.fail(e, "rows is asked of one row, the old and the new one separately, so it has no %s; use row", name)
	default:
		return true
	}
	return false
}

// path reads row.column, old.column or claims.a.b, and says whether the expression is
// one of these.
func (u *uses) path(e ast.Expr) bool {
	names, root := chain(e)
	if root == nil || len(names) == 0 {
		return false
	}
	switch name := ident(root); name {
	case "row", "old":
		if len(names) > 1 {
			return false // what is selected from is looked at by itself
		}
		if e.Kind() != ast.SelectKind {
			u.fail(e, "write row.%s, or row.`%s` for a name with other characters", names[0], names[0])
		} else if u.known(e, name) {
			u.column(e, name, names[0])
		}
	case "claims":
		if u.known(e, name) {
			u.claim(e, names)
		}
	default:
		return false
	}
	return true
}

// chain takes a.b["c"] apart: b and c, and the expression of a. The root is nil if a step
// is not by a name.
func chain(e ast.Expr) (names []string, root ast.Expr) {
	var name string
	switch {
	case e.Kind() == ast.IdentKind:
		return nil, e
	case e.Kind() == ast.SelectKind:
		name, e = e.AsSelect().FieldName(), e.AsSelect().Operand()
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Index && e.AsCall().Args()[1].Kind() == ast.LiteralKind:
		args := e.AsCall().Args()
		text, ok := args[1].AsLiteral().(types.String)
		if !ok {
			return nil, nil
		}
		name, e = string(text), args[0]
	default:
		return nil, nil
	}
	names, root = chain(e)
	return append(names, name), root
}

func (u *uses) column(e ast.Expr, variable, name string) {
	if e.AsSelect().IsTestOnly() {
		u.fail(e, "every row has its columns; ask %s.%s != null", variable, name)
		return
	}
	if u.schema.columns[name] == nil {
		u.fail(e, "%s", u.schema.unknown(name))
		return
	}
	list := &u.rowColumns
	if variable == "old" {
		list = &u.oldColumns
	}
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

func (u *uses) claim(e ast.Expr, path []string) {
	if slices.Contains([]string{"exp", "iat", "nbf", "jti"}, path[0]) {
		u.fail(e, "%s is another in each token, so no rule can use it", path[0])
		return
	}
	u.claims = append(u.claims, path)
}
