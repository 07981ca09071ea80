package where

import (
	"fmt"
	"slices"
	"strings"
)

// SQL writes the filter of a stem as a condition on a row "r", with its values appended to
// the arguments. Casts has the type that values of each column are cast to, as PostgreSQL
// writes it. Masked says that the client may see less of a row, as null. Every row that
// matches meets the condition, and others may: what PostgreSQL would decide otherwise than
// a Predicate is left out.
func (f *Filter) SQL(name string, casts map[string]string, masked bool, args []any) (condition string, all []any) {
	i := slices.IndexFunc(f.stems, func(s stem) bool { return s.name == name })
	if i < 0 {
		return "true", args
	}
	w := sqlWriter{casts: casts, masked: masked, args: args}
	var alternatives []string
	for _, conditions := range f.stems[i].any {
		tests := []string{"true"}
		for _, c := range conditions {
			tests = append(tests, w.test(c))
		}
		alternatives = append(alternatives, strings.Join(tests, " and "))
	}
	return "(" + strings.Join(alternatives, " or ") + ")", w.args
}

type sqlWriter struct {
	casts  map[string]string
	masked bool
	args   []any
}

// test writes a condition on one column. Text is compared by its bytes, but equality is
// asked in the collation of the column, so that an index serves: what is equal by its
// bytes is equal in any.
func (w *sqlWriter) test(c condition) string {
	column, cast := "r."+quoted(c.column), w.casts[c.column]
	text := cast == "text" || cast == "character varying" || cast == "name"
	switch {
	case cast == "": // it is not there any more
		return "true"
	case c.op == isNull && plain(cast) && !w.masked:
		return column + " is null"
	case c.op == isNotNull && plain(cast):
		return column + " is not null"
	case c.op == isNull || c.op == isNotNull: // a json null is null as well, a row of nulls is not, and what is masked is
		return "true"
	case c.op == isEqual || c.op == isIn:
		w.args = append(w.args, c.values)
		if text {
			return fmt.Sprintf("%s = any ($%d::text[])", column, len(w.args))
		}
		return fmt.Sprintf("%s = any ($%d::text[]::%s[])", column, len(w.args), cast)
	case cast == "bpchar": // its blanks are compared otherwise
		return "true"
	}
	operator := map[operator]string{isNot: "<>", isLess: "<", isAtMost: "<=", isGreater: ">", isAtLeast: ">="}[c.op]
	w.args = append(w.args, c.values[0])
	if text {
		return fmt.Sprintf(`%s::text collate "C" %s $%d::text`, column, operator, len(w.args))
	}
	return fmt.Sprintf("%s %s $%d::text::%s", column, operator, len(w.args), cast)
}

// plain says of a type whether null is null, to a condition as to SQL.
func plain(cast string) bool {
	switch cast {
	case "smallint", "integer", "bigint", "numeric", "real", "double precision", "text", "character varying", "bpchar", "name",
		"boolean", "uuid", "date", "timestamp without time zone", "timestamp with time zone":
		return true
	}
	return false
}

// quoted is a name as SQL takes it, whatever is in it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
