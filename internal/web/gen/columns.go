package gen

import (
	"regexp"
	"strconv"
)

// Column is a column of a table.
type Column struct {
	Name string
	// Type is the name that PostgreSQL gives it: "integer", "numeric(12,2)".
	Type     string
	Nullable bool
}

// Table is a table with its columns, in their order.
type Table struct {
	Name    string
	Columns []Column
}

func (t *Table) column(candidates []string) (Column, bool) {
	for _, name := range candidates {
		for _, c := range t.Columns {
			if c.Name == name {
				return c, true
			}
		}
	}
	return Column{}, false
}

// mostDigits is how many digits of any number a double can hold.
const mostDigits = 15

// script is the type of the values in JSON. Numbers that a double might not
// hold are either numbers or text.
func (c Column) script() string {
	name := base(c.Type)
	if c.Nullable {
		return name + " | null"
	}
	return name
}

func base(column string) string {
	switch column {
	case "smallint", "integer", "real", "double precision":
		return "number"
	case "boolean":
		return "boolean"
	case "bigint", "numeric":
		return "number | string"
	case "json", "jsonb":
		return "unknown"
	}
	if found := regexp.MustCompile(`^numeric\((\d+),`).FindStringSubmatch(column); found != nil {
		if digits, err := strconv.Atoi(found[1]); err == nil && digits <= mostDigits {
			return "number"
		}
		return "number | string"
	}
	if len(column) > 2 && column[len(column)-2:] == "[]" {
		return "unknown[]"
	}
	return "string"
}
