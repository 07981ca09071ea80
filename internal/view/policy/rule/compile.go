package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// Rows compiles the condition of a role on one row. What is wrong with it comes back in
// words, each with where in the text.
func (s *Schema) Rows(text string) (*Rule, []string) { return s.compile(s.rows, text, false) }

// When compiles the condition of an event on a change of a row.
func (s *Schema) When(text string) (*Rule, []string) { return s.compile(s.when, text, true) }

func (s *Schema) compile(env *cel.Env, text string, when bool) (*Rule, []string) {
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, problems(issues)
	}
	native := parsed.NativeRep()
	u := uses{schema: s, source: native.SourceInfo(), when: when}
	u.walk(native.Expr())
	if len(u.problems) > 0 {
		return nil, u.problems
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, problems(issues)
	}
	if t := checked.OutputType(); t.Kind() != types.DynKind && t.Kind() != types.BoolKind {
		return nil, []string{fmt.Sprintf("it has to be true or false, and it is of type %s; compare it with something", t)}
	}
	program, err := s.plan(env, parsed, checked)
	if err != nil {
		return nil, []string{strings.TrimPrefix(err.Error(), "failed to create program: ")}
	}
	r := &Rule{program: program, claims: u.claims}
	r.columns = slices.Compact(slices.Sorted(slices.Values(slices.Concat(u.rowColumns, u.oldColumns))))
	r.old = len(u.oldColumns) > 0
	return r, nil
}

// problems are what CEL says, with advice.
func problems(issues *cel.Issues) []string {
	var texts []string
	for _, e := range issues.Errors() {
		text := strings.TrimSpace(e.Message)
		switch {
		case strings.Contains(text, "("+numericName) || strings.Contains(text, ", "+numericName):
			text += "; a numeric is compared by num, as in num(row.total) > 5"
		case strings.Contains(text, "undeclared reference to 'now'"):
			text += "; there is no clock, since a row would be seen or not without a change"
		}
		texts = append(texts, fmt.Sprintf("at %d:%d: %s", e.Location.Line(), e.Location.Column()+1, text))
	}
	return texts
}

// plan makes the program. What may be null in place of a condition is made one first.
func (s *Schema) plan(env *cel.Env, parsed, checked *cel.Ast) (cel.Program, error) {
	native := parsed.NativeRep()
	c := conditions{factory: ast.NewExprFactory(), types: checked.NativeRep(), next: ast.MaxID(native)}
	c.visit(native.Expr())
	settled, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, fmt.Errorf("settle what is null: %w", issues.Err())
	}
	options := []cel.ProgramOption{cel.CustomDecoratorV2(s.calls.nullAware), cel.EvalOptions(cel.OptOptimize)}
	cost, err := env.EstimateCost(settled, sizes{s})
	if err != nil {
		return nil, fmt.Errorf("estimate the cost: %w", err)
	}
	if cost.Max > maxCost { // it is not known to be cheap
		options = append(options, cel.CostTracking(costs{}), cel.CostLimit(maxCost))
	}
	return env.Program(settled, options...)
}

// conditions wraps what stands for a condition and may be null.
type conditions struct {
	factory ast.ExprFactory
	types   *ast.AST
	next    int64
}

func (c *conditions) visit(root ast.Expr) {
	var found []ast.Expr
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		switch args := e.AsCall().Args(); e.AsCall().FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr:
			found = append(found, args...)
		case operators.Conditional:
			found = append(found, args[0])
		}
	}))
	for _, e := range slices.Backward(found) { // what is inside comes first
		if c.types.GetType(e.ID()).Kind() == types.BoolKind && !nullable(e) {
			continue
		}
		inner := c.factory.CopyExpr(e)
		inner.RenumberIDs(func(int64) int64 { // the number of e stays with what is around it
			c.next++
			return c.next
		})
		e.SetKindCase(c.factory.NewCall(e.ID(), truthName, inner))
	}
}

// nullable says whether an expression of type bool may be null: a column, or one of two.
func nullable(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly() || e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Conditional
}
