package rule

import "strings"

// Kind is what a column is to a condition.
type Kind string

// The kinds of columns.
const (
	Bool        Kind = "bool"
	Int         Kind = "int"
	Numeric     Kind = "numeric"
	Float       Kind = "float"
	Text        Kind = "text"
	UUID        Kind = "uuid"
	Enum        Kind = "enum"
	Date        Kind = "date"
	Timestamp   Kind = "timestamp"
	TimestampTZ Kind = "timestamptz"
	JSON        Kind = "json"
	Other       Kind = "other"
)

// Column is a column of a table.
type Column struct {
	Name string
	// Type is that of PostgreSQL, as in "character varying(20)".
	Type string
	Kind Kind
	// NotNull is true of a column that is never null.
	NotNull bool
	// Number is that of the column in its table, 0 if it is not known. A name that has
	// another number stands for another column.
	Number int
}

// padded says whether PostgreSQL fills values of the column with blanks, which do not
// count.
func (c *Column) padded() bool {
	return c.Type == "character" || c.Type == "bpchar" || strings.HasPrefix(c.Type, "character(") || strings.HasPrefix(c.Type, "bpchar(")
}
