package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"rowcast/internal/feed/row"
)

// maxJSON is the longest value of a JSON column that a condition reads, in bytes.
const maxJSON = 64 << 10

var (
	errAbsent = errors.New("the row does not have the column")
	errValue  = errors.New("the value is not of the type of its column")
	errLong   = errors.New("the JSON is too long for a condition")
)

// value is a column of a row as CEL has it; text is as the log writes it.
func (c *Column) value(text []byte) (ref.Val, error) {
	switch {
	case text == nil:
		return nil, errAbsent
	case string(text) == "null":
		return types.NullValue, nil
	}
	switch c.Kind {
	case Bool:
		return types.Bool(text[0] == 't'), nil
	case Int:
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			return nil, errValue
		}
		return types.Int(n), nil
	case Numeric:
		return numeric(unquoted(text)), nil
	case Float:
		f, err := strconv.ParseFloat(unquoted(text), 64)
		if err != nil {
			return nil, errValue
		}
		return types.Double(f), nil
	case Text, UUID, Enum:
		if text[0] != '"' {
			return nil, errValue
		}
		s := unquoted(text)
		if c.padded() {
			s = strings.TrimRight(s, " ")
		}
		return types.String(s), nil
	case Date, Timestamp, TimestampTZ:
		return moment(unquoted(text))
	case JSON, Other:
		return parsed(text)
	}
	return nil, errValue
}

// unquoted is a JSON string without its quotes; what is none stays as it is.
func unquoted(text []byte) string {
	if len(text) < 2 || text[0] != '"' {
		return string(text)
	}
	inner := text[1 : len(text)-1]
	if row.HasEscape(inner) {
		return row.Unescape(inner)
	}
	return string(inner)
}

// moment reads a date or time as PostgreSQL writes it. What CEL cannot say is the first
// or last moment that it can.
func moment(text string) (ref.Val, error) {
	first := types.Timestamp{Time: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}
	last := types.Timestamp{Time: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)}
	switch {
	case text == "-infinity" || strings.HasSuffix(text, " BC"):
		return first, nil
	case text == "infinity" || strings.IndexByte(text, '-') > 4:
		return last, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return types.Timestamp{Time: t.UTC()}, nil
		}
	}
	return nil, errValue
}

// parsed reads JSON.
func parsed(text []byte) (ref.Val, error) {
	if len(text) > maxJSON {
		return nil, errLong
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errValue
	}
	return types.DefaultTypeAdapter.NativeToValue(exact(v)), nil
}

// exact replaces the numbers of decoded JSON by what keeps every digit of an integer.
func exact(v any) any {
	switch v := v.(type) {
	case nil:
		return types.NullValue
	case json.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return types.Int(n)
		}
		if !strings.ContainsAny(string(v), ".eE") {
			return number(v)
		}
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return number(v)
		}
		return types.Double(f)
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, value := range v {
			m[name] = exact(value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, value := range v {
			list[i] = exact(value)
		}
		return list
	case string, bool, float64:
		return v
	}
	return types.NewErr("claims hold a %T, which is not of JSON", v)
}
