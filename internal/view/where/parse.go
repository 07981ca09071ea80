package where

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// reader reads the parts of a filter. It counts the columns.
type reader struct{ columns map[string]bool }

// kind is the first character of a JSON value.
func kind(text []byte) byte {
	if text = bytes.TrimLeft(text, " \t\r\n"); len(text) > 0 {
		return text[0]
	}
	return 0
}

// members calls one for each member of an object.
func (r *reader) members(path string, text []byte, holds string, one func(path, name string, text json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if !utf8.Valid(text) || kind(text) != '{' {
		return &Problem{path, "it has to be an object of " + holds}
	}
	if _, err := d.Token(); err != nil {
		return &Problem{path, "it is no JSON: " + err.Error()}
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return &Problem{path, "it is no JSON: " + err.Error()}
		}
		name, _ := token.(string)
		within := path + "." + name
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return &Problem{within, "it is no JSON: " + err.Error()}
		}
		if seen[name] {
			return &Problem{within, "it is there twice"}
		}
		seen[name] = true
		if err := one(within, name, value); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return &Problem{path, "it is no JSON: " + err.Error()}
	}
	if d.More() {
		return &Problem{path, "something follows the object"}
	}
	return nil
}

// conditions reads what the columns of a row have to meet.
func (r *reader) conditions(path string, text []byte) (all conditions, err error) {
	all = conditions{}
	err = r.members(path, text, "columns", func(path, column string, text json.RawMessage) error {
		r.columns[column] = true
		if len(r.columns) > maxColumns {
			return &Problem{path, fmt.Sprintf("more than %d columns are named", maxColumns)}
		}
		if kind(text) != '{' {
			c, err := scalar(path, column, isEqual, text)
			all = append(all, c)
			return err
		}
		before := len(all)
		err := r.members(path, text, "operators", func(path, name string, text json.RawMessage) error {
			op := operator(name)
			if !slices.Contains(operators(), op) {
				return &Problem{path, fmt.Sprintf("there is no operator %q; there are %s", name, known())}
			}
			c, err := scalar(path, column, op, text)
			if op == isIn {
				c, err = list(path, column, text)
			}
			all = append(all, c)
			return err
		})
		if err == nil && len(all) == before {
			return &Problem{path, "it has no operator; there are " + known()}
		}
		return err
	})
	return all, err
}

// scalar reads a condition with one value, or null.
func scalar(path, column string, op operator, text json.RawMessage) (condition, error) {
	c := condition{path: path, column: column, op: op}
	if string(bytes.TrimSpace(text)) == "null" {
		switch op {
		case isEqual:
			c.op = isNull
		case isNot:
			c.op = isNotNull
		default:
			return c, &Problem{path, "null is neither less nor greater; it goes with eq and ne"}
		}
		return c, nil
	}
	v, err := parseValue(text)
	if err != nil && op != isIn {
		return c, &Problem{path, err.Error()}
	}
	c.values = []string{v}
	return c, nil
}

// list reads a condition with several values.
func list(path, column string, text json.RawMessage) (condition, error) {
	c := condition{path: path, column: column, op: isIn}
	var texts []json.RawMessage
	if kind(text) != '[' || json.Unmarshal(text, &texts) != nil {
		return c, &Problem{path, "it has to be an array of values"}
	}
	if n := len(texts); n == 0 || n > maxValues {
		return c, &Problem{path, fmt.Sprintf("it has %d values; 1 to %d are allowed", n, maxValues)}
	}
	for i, text := range texts {
		v, err := parseValue(text)
		if err != nil {
			return c, &Problem{fmt.Sprintf("%s[%d]", path, i), err.Error()}
		}
		c.values = append(c.values, v)
	}
	return c, nil
}

var errNoScalar = errors.New("it has to be a text, a number, true or false")

// parseValue reads the text of a scalar that is not null.
func parseValue(text json.RawMessage) (string, error) {
	switch c := kind(text); {
	case c == '"':
		var s string
		if err := json.Unmarshal(text, &s); err != nil {
			return "", errNoScalar
		}
		return s, nil
	case c == 't', c == 'f', c == '-', '0' <= c && c <= '9':
		return string(bytes.TrimSpace(text)), nil
	}
	return "", errNoScalar
}
