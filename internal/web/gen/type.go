package gen

import (
	"encoding/json"
	"strings"
	"unicode"
)

// Kind is what the log makes of the values of a type.
type Kind string

// The kinds of types.
const (
	// Number is of those that a double holds.
	Number Kind = "number"
	// Exact is of those that a double may not hold: they are text then.
	Exact   Kind = "exact"
	Boolean Kind = "boolean"
	Text    Kind = "text"
	// JSON is of those that may be anything.
	JSON   Kind = "json"
	Enum   Kind = "enum"
	Array  Kind = "array"
	Object Kind = "object"
)

// Type is a type of the database, without domains.
type Type struct {
	Kind Kind
	// Labels are those of an enum.
	Labels []string
	// Element is the type of the elements of an array, which is Depth deep.
	Element *Column
	Depth   int
	// Fields are those of an object.
	Fields []Column
}

// Column is a column of a table, or a part of a type.
type Column struct {
	Name string
	Type
	Nullable bool
	// Optional says that some do not see it.
	Optional bool
}

// script is the type of the values of a column of a row.
func (c *Column) script() string {
	if c.Kind == Exact { // at the top a number that a double does not hold is text
		return orNull("number | string", c.Nullable)
	}
	return c.within()
}

// within is the type of the values in arrays and objects, where a number stays one.
func (c *Column) within() string {
	return orNull(c.Type.script(), c.Nullable)
}

func orNull(text string, nullable bool) string {
	if nullable && text != "unknown" {
		return text + " | null"
	}
	return text
}

func (t *Type) script() string {
	switch t.Kind {
	case Number, Exact:
		return "number"
	case Boolean:
		return "boolean"
	case JSON:
		return "unknown"
	case Enum:
		labels := make([]string, len(t.Labels))
		for i, label := range t.Labels {
			labels[i] = quoted(label)
		}
		if len(labels) > 0 {
			return strings.Join(labels, " | ")
		}
		return "never" // it has no value
	case Array:
		text := t.Element.within()
		if strings.Contains(text, " | ") {
			text = "(" + text + ")"
		}
		return text + strings.Repeat("[]", max(t.Depth, 1))
	case Object:
		members := make([]string, len(t.Fields))
		for i := range t.Fields {
			members[i] = t.Fields[i].member((*Column).within)
		}
		return "{ " + strings.Join(members, "; ") + " }"
	case Text:
	}
	return "string"
}

// member is the column as a member of an object.
func (c *Column) member(script func(*Column) string) string {
	mark := ": "
	if c.Optional {
		mark = "?: "
	}
	return key(c.Name) + mark + script(c)
}

// key is the name of a member, in quotes if it has to be.
func key(name string) string {
	for i, r := range name {
		if r != '_' && r != '$' && (r > unicode.MaxASCII || !unicode.IsLetter(r)) && (i == 0 || !unicode.IsDigit(r)) {
			return quoted(name)
		}
	}
	return name
}

// quoted is a text of TypeScript, in the form of JSON.
func quoted(text string) string {
	literal, err := json.Marshal(text)
	if err != nil { // a string always has a form
		return `""`
	}
	return string(literal)
}
