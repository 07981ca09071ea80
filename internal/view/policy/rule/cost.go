package rule

import (
	"slices"

	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// reads says whether a function goes through a text for which CEL counts one step.
func reads(function string) bool {
	return slices.Contains([]string{
		overloads.Size, numName, overloads.TypeConvertInt, overloads.TypeConvertUint, overloads.TypeConvertDouble,
		overloads.TypeConvertTimestamp, overloads.TypeConvertDuration, overloads.TypeConvertBool,
	}, function)
}

// traversal is what it costs to go through a text.
func traversal(size uint64) uint64 {
	return 1 + uint64(float64(size)*common.StringTraversalCostFactor)
}

// costs counts what a condition costs while it is asked.
type costs struct{}

// CallCost implements interpreter.ActualCostEstimator.
func (costs) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	if !reads(function) || len(args) == 0 {
		return nil
	}
	text, ok := args[0].(types.String)
	if !ok {
		return nil
	}
	cost := traversal(uint64(len(text)))
	return &cost
}

// sizes says to CEL how long values are, as far as that is known before.
type sizes struct{ schema *Schema }

// EstimateSize implements checker.CostEstimator.
func (s sizes) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	path := node.Path()
	if len(path) == 0 {
		return nil
	}
	switch path[0] {
	case "claims":
		return &checker.SizeEstimate{Max: MaxClaims}
	case "tenant", "op":
		return &checker.SizeEstimate{Max: 255}
	}
	if len(path) == 2 {
		if c := s.schema.columns[path[1]]; c != nil && (c.Kind == UUID || c.Kind == Enum) {
			return &checker.SizeEstimate{Max: 63}
		}
	}
	return nil
}

// EstimateCallCost implements checker.CostEstimator.
func (s sizes) EstimateCallCost(function, _ string, target *checker.AstNode, args []checker.AstNode) *checker.CallEstimate {
	if !reads(function) {
		return nil
	}
	if target != nil {
		args = slices.Insert(slices.Clone(args), 0, *target)
	}
	if len(args) == 0 || !slices.Contains([]types.Kind{types.StringKind, types.DynKind}, args[0].Type().Kind()) {
		return nil
	}
	size := args[0].ComputedSize()
	if size == nil {
		size = s.EstimateSize(args[0])
	}
	if size == nil {
		return &checker.CallEstimate{CostEstimate: checker.UnknownCostEstimate()}
	}
	return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 1, Max: traversal(size.Max)}}
}
