package rule

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"rowcast/internal/feed/row"
)

// The types of numbers that keep every digit: what a numeric column has, and what num()
// makes of it.
const (
	numericName = "numeric"
	numberName  = "number"
)

// numeric is the text of a value of a numeric column.
type numeric string

// number is the text of a number that can be compared: a JSON number, or NaN, Infinity
// or -Infinity.
type number string

// compare orders numbers as PostgreSQL does: NaN equals itself and is greater than all.
func (n number) compare(o number) int {
	if order, ok := row.CompareNumbers([]byte(n), []byte(o)); ok {
		return order
	}
	return cmp.Compare(n.rank(), o.rank())
}

// rank orders what is no ordinary number among those that are.
func (n number) rank() int {
	switch n {
	case "-Infinity":
		return -1
	case "Infinity":
		return 1
	case "NaN":
		return 2
	}
	return 0
}

// toNumber is the number that a value is, an error if it is none.
func toNumber(v ref.Val) (number, ref.Val) {
	switch v := v.(type) {
	case number:
		return v, nil
	case numeric:
		return number(v), nil
	case types.Int:
		return number(strconv.FormatInt(int64(v), 10)), nil
	case types.Uint:
		return number(strconv.FormatUint(uint64(v), 10)), nil
	case types.Double:
		switch text := strconv.FormatFloat(float64(v), 'g', -1, 64); text {
		case "+Inf":
			return "Infinity", nil
		case "-Inf":
			return "-Infinity", nil
		default:
			return number(text), nil
		}
	case types.String:
		n := number(strings.TrimSpace(string(v)))
		if _, ok := row.CompareNumbers([]byte(n), []byte("0")); n.rank() == 0 && !ok {
			return "", types.NewErr("num() of a text that is no number")
		}
		return n, nil
	}
	return "", types.MaybeNoSuchOverloadErr(v)
}

// orders are the operators that compare, with the orders for which they hold.
func orders() map[string]func(order int) bool {
	return map[string]func(order int) bool{
		operators.Less:          func(order int) bool { return order < 0 },
		operators.LessEquals:    func(order int) bool { return order <= 0 },
		operators.Greater:       func(order int) bool { return order > 0 },
		operators.GreaterEquals: func(order int) bool { return order >= 0 },
	}
}

// ordered compares numbers, and all else as CEL does.
func ordered(other functions.BinaryOp, holds func(order int) bool) functions.BinaryOp {
	return func(a, b ref.Val) ref.Val {
		_, isNumber := a.(number)
		if _, beside := b.(number); !isNumber && !beside {
			if !a.Type().HasTrait(traits.ComparerType) {
				return types.MaybeNoSuchOverloadErr(a)
			}
			return other(a, b)
		}
		x, err := toNumber(a)
		if err != nil {
			return err
		}
		y, err := toNumber(b)
		if err != nil {
			return err
		}
		return types.Bool(holds(x.compare(y)))
	}
}

// Equal implements ref.Val.
func (n number) Equal(other ref.Val) ref.Val {
	switch other.(type) {
	case number, numeric, types.Int, types.Uint, types.Double:
	default:
		return types.False
	}
	o, err := toNumber(other)
	if err != nil {
		return types.False
	}
	return types.Bool(n.compare(o) == 0)
}

// Equal implements ref.Val.
func (n numeric) Equal(other ref.Val) ref.Val { return number(n).Equal(other) }

// Type implements ref.Val.
func (number) Type() ref.Type { return types.NewOpaqueType(numberName) }

// Type implements ref.Val.
func (numeric) Type() ref.Type { return types.NewOpaqueType(numericName) }

// Value implements ref.Val.
func (n number) Value() any { return string(n) }

// Value implements ref.Val.
func (n numeric) Value() any { return string(n) }

// ConvertToNative implements ref.Val.
func (n number) ConvertToNative(t reflect.Type) (any, error) {
	return types.String(n).ConvertToNative(t)
}

// ConvertToNative implements ref.Val.
func (n numeric) ConvertToNative(t reflect.Type) (any, error) {
	return types.String(n).ConvertToNative(t)
}

// ConvertToType implements ref.Val.
func (n number) ConvertToType(t ref.Type) ref.Val {
	if t.TypeName() == numberName {
		return n
	}
	return types.NewErr("a number cannot be converted")
}

// ConvertToType implements ref.Val.
func (n numeric) ConvertToType(t ref.Type) ref.Val {
	if t.TypeName() == numericName {
		return n
	}
	return types.NewErr("a numeric is only compared: num(row.total) > 5")
}
