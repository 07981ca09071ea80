package rule

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/stdlib"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// calls are the functions of CEL, by the names of their overloads and their own.
type calls struct {
	bound map[string]*functions.Overload
	// boolean are the functions that return true or false.
	boolean map[string]bool
}

// newCalls finds the functions of the standard library and others.
func newCalls(others ...*decls.FunctionDecl) (*calls, error) {
	c := &calls{bound: map[string]*functions.Overload{}, boolean: map[string]bool{}}
	for _, f := range slices.Concat(stdlib.Functions(), others) {
		bindings, err := f.Bindings()
		if err != nil {
			return nil, fmt.Errorf("read the functions of CEL: %w", err)
		}
		for _, b := range bindings {
			c.bound[b.Operator] = b
		}
		all := f.OverloadDecls()
		c.boolean[f.Name()] = len(all) > 0 && !slices.ContainsFunc(all, func(o *decls.OverloadDecl) bool {
			return !o.ResultType().IsExactType(types.BoolType)
		})
	}
	for name, holds := range orders() {
		c.bound[name] = &functions.Overload{Operator: name, Binary: ordered(c.bound[name].Binary, holds)}
	}
	return c, nil
}

// nullAware replaces a call by one that is false, or null, if an argument is null. That
// is not so of ==, and of != beside the word null.
func (c *calls) nullAware(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	name, args := call.Function(), call.Args()
	switch name {
	case operators.Equals:
		return &strict{InterpretableCall: call, name: name, args: args, binary: same, keepsNull: true}, nil
	case operators.LogicalAnd, operators.LogicalOr, operators.Conditional, operators.NotStrictlyFalse,
		overloads.TypeConvertType, truthName:
		return i, nil
	case operators.NotEquals:
		return &strict{InterpretableCall: call, name: name, args: args, binary: unequal, boolean: true, keepsNull: slices.ContainsFunc(args, isNull)}, nil
	}
	bound := c.bound[call.OverloadID()]
	if bound == nil {
		bound = c.bound[name]
	}
	if bound == nil || bound.NonStrict || len(args) == 0 || len(args) > maxArgs {
		return i, nil
	}
	s := &strict{
		InterpretableCall: call, name: name, args: args, boolean: c.boolean[name],
		unary: bound.Unary, binary: bound.Binary, other: bound.Function, trait: bound.OperandTrait,
	}
	if name == overloads.Matches {
		s.text = true
		if err := s.compilePattern(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func isNull(i interpreter.InterpretableV2) bool {
	constant, ok := i.(interpreter.InterpretableConst)
	return ok && constant.Value() == types.NullValue
}

// same says whether two values are equal. A number is asked first, since others do not
// know it.
func same(a, b ref.Val) ref.Val {
	if n, ok := b.(number); ok {
		a, b = n, a
	}
	return types.Equal(a, b)
}

func unequal(a, b ref.Val) ref.Val { return types.Bool(same(a, b) != types.True) }

// maxArgs is how many arguments a function of CEL has at most.
const maxArgs = 4

// strict is a call that null makes false, or null if it is not a condition.
type strict struct {
	interpreter.InterpretableCall
	name   string
	args   []interpreter.InterpretableV2
	unary  functions.UnaryOp
	binary functions.BinaryOp
	other  functions.FunctionOp
	trait  int
	// boolean is true of a condition, keepsNull of what null is an argument of like any
	// other.
	boolean, keepsNull bool
	// text is true if the first argument is matched with a pattern.
	text bool
}

// tooLong says whether a text would take longer to match with a pattern than a condition
// may take.
func tooLong(v ref.Val) bool {
	text, ok := v.(types.String)
	return ok && len(text) > maxJSON
}

// Function is the name of the function.
func (s *strict) Function() string { return s.name }

// Eval implements interpreter.Interpretable.
func (s *strict) Eval(vars interpreter.Activation) ref.Val { return s.Exec(interpreter.AsFrame(vars)) }

// Exec implements interpreter.InterpretableV2.
func (s *strict) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	var values [maxArgs]ref.Val
	null := false
	for i, arg := range s.args {
		v := arg.Exec(frame)
		if types.IsUnknownOrError(v) {
			return v
		}
		null = null || v == types.NullValue && !s.keepsNull
		values[i] = v
	}
	switch {
	case null && s.boolean:
		return types.False
	case null:
		return types.NullValue
	case s.text && tooLong(values[0]):
		return types.NewErrWithNodeID(s.ID(), "the text is too long for a pattern")
	case s.trait != 0 && !values[0].Type().HasTrait(s.trait):
		return types.NewErrWithNodeID(s.ID(), "no such overload: %s", s.name)
	case s.unary != nil && len(s.args) == 1:
		return s.unary(values[0])
	case s.binary != nil && len(s.args) == 2:
		return s.binary(values[0], values[1])
	case s.other != nil:
		return s.other(slices.Clone(values[:len(s.args)])...)
	}
	return types.NewErrWithNodeID(s.ID(), "no such overload: %s", s.name)
}

// compilePattern compiles a pattern that is a constant, once. The call goes by another
// name then, so that nothing else does it.
func (s *strict) compilePattern() error {
	constant, ok := s.args[1].(interpreter.InterpretableConst)
	if !ok {
		return nil
	}
	text, ok := constant.Value().(types.String)
	if !ok {
		return nil
	}
	pattern, err := regexp.Compile(string(text))
	if err != nil {
		return fmt.Errorf("%q is no pattern: %w", string(text), err)
	}
	s.name, s.trait = "matches a constant", 0
	s.binary = func(v, _ ref.Val) ref.Val {
		text, ok := v.(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(v)
		}
		return types.Bool(pattern.MatchString(string(text)))
	}
	return nil
}
