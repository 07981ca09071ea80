package tenant

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// ID is a tenant in JSON: a text, or a whole number, which is taken for its text.
type ID string

// UnmarshalJSON implements json.Unmarshaler.
func (t *ID) UnmarshalJSON(text []byte) error {
	var number json.Number
	whole := len(text) > 0 && text[0] != '"' && !bytes.ContainsAny(text, ".eE")
	if whole && json.Unmarshal(text, &number) == nil {
		if number != "" { // null is none
			*t = ID(number)
		}
		return nil
	}
	var name string
	if err := json.Unmarshal(text, &name); err != nil {
		return &json.UnmarshalTypeError{Value: kindOf(text), Type: reflect.TypeFor[string]()}
	}
	*t = ID(name)
	return nil
}

// kindOf names what a JSON value is.
func kindOf(text []byte) string {
	switch text[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	default:
		return "number"
	}
}
