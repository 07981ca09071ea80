package rule

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

const (
	// maxCost bounds the work for one condition on one row.
	maxCost = 10_000
	// maxDepth bounds how deep an expression is.
	maxDepth = 100
	// maxExpression is how long an expression is, in characters.
	maxExpression = 16 << 10
	// truthName is the function around a condition that may be null. No condition can
	// say it.
	truthName = "@truth"
	numName   = "num"
)

// Language is CEL with what conditions have beside it.
type Language struct {
	env   *cel.Env
	calls *calls
}

// NewLanguage makes the language. It is made once, which takes some milliseconds.
func NewLanguage() (*Language, error) {
	env, err := cel.NewEnv(
		cel.EnableIdentifierEscapeSyntax(), cel.DefaultUTCTimeZone(true), cel.CrossTypeNumericComparisons(true),
		cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(maxExpression),
	)
	if err != nil {
		return nil, fmt.Errorf("make the language of rules: %w", err)
	}
	added, err := additions()
	if err != nil {
		return nil, err
	}
	if env, err = env.Extend(cel.FunctionDecls(added...)); err != nil {
		return nil, fmt.Errorf("extend the language of rules: %w", err)
	}
	calls, err := newCalls(added...)
	if err != nil {
		return nil, err
	}
	return &Language{env, calls}, nil
}

// additions are the functions that CEL does not have: num, @truth, and the order of
// numbers.
func additions() ([]*decls.FunctionDecl, error) {
	num, numeric := types.NewOpaqueType(numberName), types.NewOpaqueType(numericName)
	var all []*decls.FunctionDecl
	add := func(name string, options ...decls.FunctionOpt) error {
		f, err := decls.NewFunction(name, options...)
		all = append(all, f)
		return err
	}
	var ofNumber []decls.FunctionOpt
	for _, t := range []*types.Type{numeric, num, types.IntType, types.UintType, types.DoubleType, types.StringType} {
		ofNumber = append(ofNumber, decls.Overload("num_"+t.String(), []*types.Type{t}, num))
	}
	if err := add(numName, append(ofNumber, decls.SingletonUnaryBinding(func(v ref.Val) ref.Val {
		n, err := toNumber(v)
		if err != nil {
			return err
		}
		return n
	}))...); err != nil {
		return nil, fmt.Errorf("declare num: %w", err)
	}
	if err := add(truthName, decls.Overload("truth", []*types.Type{types.BoolType}, types.BoolType), decls.SingletonUnaryBinding(truth)); err != nil {
		return nil, fmt.Errorf("declare conditions: %w", err)
	}
	for name := range orders() {
		var ofNumbers []decls.FunctionOpt
		for _, pair := range [][]*types.Type{{num, num}, {num, types.IntType}, {types.IntType, num}, {num, types.DoubleType}, {types.DoubleType, num}} {
			ofNumbers = append(ofNumbers, decls.Overload(fmt.Sprintf("%s %s %s", pair[0], name, pair[1]), pair, types.BoolType))
		}
		if err := add(name, ofNumbers...); err != nil {
			return nil, fmt.Errorf("declare the order of numbers: %w", err)
		}
	}
	return all, nil
}

// truth is a condition that is false if it is null.
func truth(v ref.Val) ref.Val {
	if v == types.NullValue {
		return types.False
	}
	if _, ok := v.(types.Bool); !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	return v
}
