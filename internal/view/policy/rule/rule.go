package rule

import (
	"errors"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// Rule is a condition that is compiled. It may be shared.
type Rule struct {
	program cel.Program
	claims  [][]string
	columns []string
	old     bool
}

var errNoCondition = errors.New("the condition is neither true nor false")

// Claims are the paths of the claims that the condition uses.
func (r *Rule) Claims() [][]string { return r.claims }

// Columns are the columns that the condition uses, of either row.
func (r *Rule) Columns() []string { return r.columns }

// Old says whether the condition uses columns of the old row.
func (r *Rule) Old() bool { return r.old }

// Sees says whether the condition of a role holds for a row.
func (r *Rule) Sees(row *Image, tenant string, claims Claims) (bool, error) {
	return r.holds(&scope{row: row, tenant: tenant, claims: claims.value})
}

// Happens says whether the condition of an event holds for a change. There is no old row
// on insert.
func (r *Rule) Happens(row, old *Image, op, tenant string) (bool, error) {
	return r.holds(&scope{row: row, old: old, tenant: tenant, op: op})
}

func (r *Rule) holds(s *scope) (bool, error) {
	out, _, err := r.program.Eval(s)
	switch {
	case err != nil:
		return false, err
	case out == types.True:
		return true, nil
	case out == types.False || out == types.NullValue:
		return false, nil
	}
	return false, errNoCondition
}

// scope gives a condition its variables.
type scope struct {
	row, old   *Image
	tenant, op string
	claims     ref.Val
}

// ResolveName implements interpreter.Activation.
func (s *scope) ResolveName(name string) (any, bool) {
	switch name {
	case "row":
		return s.row, true
	case "old":
		if s.old == nil {
			return types.NullValue, true
		}
		return s.old, true
	case "tenant":
		return types.String(s.tenant), true
	case "op":
		return types.String(s.op), true
	case "claims":
		return s.claims, s.claims != nil
	}
	return nil, false
}

// Parent implements interpreter.Activation.
func (*scope) Parent() interpreter.Activation { return nil }
