package policy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/rule"
)

// The reference: a second language of rules, with its own meaning in plain Go. A rule is
// drawn as an expression of it, which is written down as CEL for the policy.

// truth is what a condition is.
type truth int

const (
	no truth = iota
	yes
	failed
	null
)

// settled is what a condition is beside && and ||, and in the end.
func (t truth) settled() truth {
	if t == null {
		return no
	}
	return t
}

// values are a row or claims: nil is null, int64, string, bool or []any. What is not
// there is absent.
type values map[string]any

// scene is what a condition is asked of.
type scene struct{ row, claims values }

// expression is a condition in both languages.
type expression struct {
	cel  string
	eval func(s scene) truth
}

// operand is a side of a comparison. ok is false if it cannot be had.
type operand struct {
	cel  string
	eval func(s scene) (value any, ok bool)
}

// kinds of the columns that rules are drawn of. The others are there to be withheld.
var modelColumns = []policy.Column{
	{Name: "col_id", Type: "bigint", Kind: rule.Int, NotNull: true},
	{Name: "col_house", Type: "bigint", Kind: rule.Int},
	{Name: "col_state", Type: "text", Kind: rule.Text},
	{Name: "col_total", Type: "numeric", Kind: rule.Numeric},
	{Name: "col_flag", Type: "boolean", Kind: rule.Bool},
	{Name: "col_owner", Type: "uuid", Kind: rule.UUID},
	{Name: "col_cost", Type: "text", Kind: rule.Text},
	{Name: "col_note", Type: "text", Kind: rule.Text},
	{Name: "col_doc", Type: "jsonb", Kind: rule.JSON},
}

func column(name string) operand {
	return operand{"row." + name, func(s scene) (any, bool) { v, ok := s.row[name]; return v, ok }}
}

func claim(name string) operand {
	return operand{"claims." + name, func(s scene) (any, bool) { v, ok := s.claims[name]; return v, ok }}
}

func literal(v any) operand {
	cel := fmt.Sprint(v)
	if s, ok := v.(string); ok {
		cel = strconv.Quote(s)
	}
	return operand{cel, func(scene) (any, bool) { return v, true }}
}

var owners = []string{"0e37df36-f698-11e6-8dd4-cb9ced3df976", "ffffffff-0000-0000-0000-000000000000"}

// drawOperands draws a column and something to compare it with: a constant, a claim, or
// a column of the same type.
func drawOperands(t *rapid.T) (a, b operand, integers bool) {
	switch rapid.SampledFrom([]string{"house", "state", "owner", "id"}).Draw(t, "column") {
	case "house":
		a = column("col_house")
		b = rapid.SampledFrom([]operand{literal(int64(5)), literal(int64(6)), claim("house"), claim("nothing"), column("col_id")}).Draw(t, "other")
		return a, b, true
	case "id":
		a = column("col_id")
		b = rapid.SampledFrom([]operand{literal(int64(9007199254740993)), claim("big"), column("col_house")}).Draw(t, "other")
		return a, b, true
	case "state":
		a = column("col_state")
		return a, rapid.SampledFrom([]operand{literal("open"), literal("held"), claim("state"), claim("nothing"), column("col_owner")}).Draw(t, "other"), false
	}
	return column("col_owner"), rapid.SampledFrom([]operand{literal(owners[0]), claim("sub"), claim("house")}).Draw(t, "other"), false
}

// drawExpression draws a condition that is at most so deep.
func drawExpression(t *rapid.T, depth int) expression {
	form := rapid.IntRange(0, 11).Draw(t, "form")
	if depth == 0 {
		form %= 8
	}
	switch form {
	case 0, 1, 2:
		return comparison(t)
	case 3:
		return membership(t)
	case 4:
		return nullTest(t)
	case 5:
		return expression{"row.col_flag", func(s scene) truth { v, ok := s.row["col_flag"]; return truthOf(v, ok) }}
	case 6:
		return numeric(t)
	case 7:
		return expression{"claims.admin", func(s scene) truth { v, ok := s.claims["admin"]; return truthOf(v, ok) }}
	case 8:
		inner := drawExpression(t, depth-1)
		return expression{"!(" + inner.cel + ")", func(s scene) truth {
			switch inner.eval(s) {
			case yes, null:
				return no
			case no:
				return yes
			}
			return failed
		}}
	case 9:
		x, y := drawExpression(t, depth-1), drawExpression(t, depth-1)
		return expression{"(" + x.cel + " ? " + x.cel + " : " + y.cel + ")", func(s scene) truth {
			switch x.eval(s).settled() {
			case yes:
				return yes
			case no:
				return y.eval(s)
			}
			return failed
		}}
	}
	x, y := drawExpression(t, depth-1), drawExpression(t, depth-1)
	op, decisive := "&&", no
	if form == 11 {
		op, decisive = "||", yes
	}
	return expression{"(" + x.cel + " " + op + " " + y.cel + ")", func(s scene) truth {
		a, b := x.eval(s).settled(), y.eval(s).settled()
		switch {
		case a == decisive || b == decisive:
			return decisive
		case a == failed || b == failed:
			return failed
		}
		return a
	}}
}

func truthOf(v any, ok bool) truth {
	b, isBool := v.(bool)
	switch {
	case !ok || v != nil && !isBool:
		return failed
	case v == nil:
		return null
	case b:
		return yes
	}
	return no
}

func when(b bool) truth {
	if b {
		return yes
	}
	return no
}

func comparison(t *rapid.T) expression {
	a, b, integers := drawOperands(t)
	ops := []string{"==", "!="}
	if integers {
		ops = []string{"==", "!=", "<", "<=", ">", ">="}
	}
	op := rapid.SampledFrom(ops).Draw(t, "operator")
	return expression{a.cel + " " + op + " " + b.cel, func(s scene) truth {
		x, okX := a.eval(s)
		y, okY := b.eval(s)
		switch {
		case !okX || !okY:
			return failed
		case op == "==":
			return when(x == y)
		case x == nil || y == nil:
			return no
		case op == "!=":
			return when(x != y)
		}
		m, isInt := x.(int64)
		n, both := y.(int64)
		if !isInt || !both {
			return failed
		}
		return when(map[string]bool{"<": m < n, "<=": m <= n, ">": m > n, ">=": m >= n}[op])
	}}
}

func membership(t *rapid.T) expression {
	a, _, integers := drawOperands(t)
	name := rapid.SampledFrom([]string{"list", "house"}).Draw(t, "list")
	cel, list := "claims."+name, claim(name).eval
	if rapid.Bool().Draw(t, "constant") {
		all := []any{"open", "held"}
		cel = `["open", "held"]`
		if integers {
			all, cel = []any{int64(5), int64(9007199254740993)}, "[5, 9007199254740993]"
		}
		list = func(scene) (any, bool) { return all, true }
	}
	return expression{a.cel + " in " + cel, func(s scene) truth {
		x, okX := a.eval(s)
		y, okY := list(s)
		all, isList := y.([]any)
		switch {
		case !okX || !okY:
			return failed
		case x == nil || y == nil:
			return no
		case !isList:
			return failed
		}
		return when(slices.Contains(all, x))
	}}
}

func nullTest(t *rapid.T) expression {
	a := column(rapid.SampledFrom([]string{"col_house", "col_state", "col_total", "col_flag", "col_owner", "col_doc"}).Draw(t, "column"))
	op := rapid.SampledFrom([]string{"==", "!="}).Draw(t, "operator")
	return expression{a.cel + " " + op + " null", func(s scene) truth {
		v, ok := a.eval(s)
		if !ok {
			return failed
		}
		return when((v == nil) == (op == "=="))
	}}
}

func numeric(t *rapid.T) expression {
	op := rapid.SampledFrom([]string{"<", ">="}).Draw(t, "operator")
	return expression{"num(row.col_total) " + op + " 100", func(s scene) truth {
		v, ok := s.row["col_total"]
		if !ok || v == nil {
			return map[bool]truth{true: no, false: failed}[ok]
		}
		f, err := strconv.ParseFloat(v.(string), 64)
		if err != nil {
			return failed
		}
		return when((f < 100) == (op == "<"))
	}}
}

// drawRow draws a row. Every value of a column that no rule is of is of one row alone.
func drawRow(t *rapid.T, canary func() string) (values, map[string]string) {
	row := values{
		"col_id":    rapid.SampledFrom([]any{int64(5), int64(9007199254740993)}).Draw(t, "id"),
		"col_house": rapid.SampledFrom([]any{int64(5), int64(6), nil}).Draw(t, "house"),
		"col_state": rapid.SampledFrom([]any{"open", "held", "closed", nil}).Draw(t, "state"),
		"col_total": rapid.SampledFrom([]any{"99.99", "100", "12345678901234567890.5", nil}).Draw(t, "total"),
		"col_flag":  rapid.SampledFrom([]any{true, false, nil}).Draw(t, "flag"),
		"col_owner": rapid.SampledFrom([]any{owners[0], owners[1], nil}).Draw(t, "owner"),
		"col_cost":  canary(), "col_note": canary(), "col_doc": rapid.SampledFrom([]any{canary(), nil}).Draw(t, "doc"),
	}
	for _, c := range modelColumns[1:] {
		if rapid.IntRange(0, 30).Draw(t, "absent") == 0 {
			delete(row, c.Name)
		}
	}
	texts := map[string]string{}
	for name, v := range row {
		texts[name] = encoded(v)
		if name == "col_total" && v != nil {
			texts[name] = v.(string)
		}
		if name == "col_doc" && v != nil {
			texts[name] = `{"x" : ` + texts[name] + `}`
		}
	}
	return row, texts
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// written is the text of a row, without what is left out.
func written(texts map[string]string, leftOut map[string]bool) string {
	var b strings.Builder
	for _, c := range modelColumns {
		if text, there := texts[c.Name]; there && !leftOut[c.Name] {
			if b.Len() > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%q: %s", c.Name, text)
		}
	}
	return "{" + b.String() + "}"
}

// drawClaims draws claims, some of which are missing or of another type.
func drawClaims(t *rapid.T) values {
	c := values{
		"house": rapid.SampledFrom([]any{int64(5), int64(6), "5", nil}).Draw(t, "house"),
		"big":   rapid.SampledFrom([]any{int64(9007199254740993), int64(9007199254740992)}).Draw(t, "big"),
		"state": rapid.SampledFrom([]any{"open", "closed", nil}).Draw(t, "state"),
		"sub":   rapid.SampledFrom([]any{owners[0], int64(7)}).Draw(t, "sub"),
		"admin": rapid.SampledFrom([]any{true, false, nil, "yes"}).Draw(t, "admin"),
		"list":  rapid.SampledFrom([]any{[]any{int64(5), "open"}, []any{"held", owners[0], int64(9007199254740993)}, []any{}, "open", nil}).Draw(t, "list"),
	}
	for _, name := range []string{"house", "state", "admin", "list"} {
		if rapid.IntRange(0, 9).Draw(t, "absent") == 0 {
			delete(c, name)
		}
	}
	return c
}
