// Package rows draws rows of tables as JSON, for the tests of what reads them.
//
// # Overview
//
// [Columns] draws columns, [Value] and [Number] draw values, and [Write] writes a row
// down, with whitespace and escapes in odd places.
package rows

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"pgregory.net/rapid"
)

// Value draws the text of a JSON value, with whitespace in odd places.
func Value() *rapid.Generator[string] {
	text := rapid.Custom(func(t *rapid.T) string { return marshal(rapid.String().Draw(t, "text")) })
	tricky := rapid.SampledFrom([]string{
		`""`, `"\\"`, `"\""`, `"{"`, `"}\\\""`, `"a\u005c"`, `{}`, `[]`, `{ "a" : [ "]" , {"}":1e400} ] }`, `[[[{}]]]`,
		"[\n\t1\r]", `true`, `false`, `null`,
	})
	return rapid.OneOf(text, tricky, Number())
}

// column draws a key and its text, which at times has needless escapes.
func column() *rapid.Generator[[2]string] {
	return rapid.Custom(func(t *rapid.T) [2]string {
		name := rapid.OneOf(
			rapid.SampledFrom([]string{"id", "status", `we"ird`, `b\s`, "größe", "{", " "}), rapid.StringN(0, 3, -1),
		).Draw(t, "name")
		text := marshal(name)
		if rapid.Bool().Draw(t, "escaped") && strings.HasPrefix(name, "s") {
			text = `"\u0073` + text[2:]
		}
		return [2]string{name, text}
	})
}

// Columns draws the columns of a row, each as its name and the text of its key.
func Columns(t *rapid.T) [][2]string {
	return rapid.SliceOfNDistinct(column(), 0, 40, func(c [2]string) string { return c[0] }).Draw(t, "columns")
}

// Write returns the text of a row.
func Write(t *rapid.T, columns [][2]string, values map[string]string) string {
	space := rapid.SampledFrom([]string{"", "", " ", "\n\t\r "})
	var b strings.Builder
	b.WriteString(space.Draw(t, "space") + "{")
	for i, c := range columns {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(space.Draw(t, "space") + c[1] + space.Draw(t, "space") + ":" + space.Draw(t, "space") + values[c[0]] + space.Draw(t, "space"))
	}
	return b.String() + space.Draw(t, "space") + "}" + space.Draw(t, "space")
}

// Number draws the text of a JSON number.
func Number() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		sign := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign")
		text := sign + rapid.StringMatching(`0|[1-9][0-9]{0,20}|90071992547409[89][0-9]`).Draw(t, "whole")
		text += rapid.StringMatching(`(\.[0-9]{1,20}0{0,9})?`).Draw(t, "fraction")
		return text + rapid.StringMatching(`([eE][+-]?[0-9]{1,3})?`).Draw(t, "exponent")
	})
}

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("marshal %v of type %v: %v", v, reflect.TypeOf(v), err))
	}
	return string(text)
}

// Object reads the text of a row.
func Object(t *rapid.T, text string) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("read %s: %v", text, err)
	}
	return m
}
