package jsontext_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"rowcast/internal/changelog/jsontext"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// object is what Object has to agree with.
func object(text []byte) bool {
	return json.Valid(text) && strings.HasPrefix(strings.TrimLeft(string(text), " \t\r\n"), "{")
}

// anyJSON draws a value.
func anyJSON(t *rapid.T, depth int) string {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	blank := rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "blank")
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return blank + rapid.SampledFrom([]string{"0", "-0", "12", "-1.50", "1e400", "2E-7", "9007199254740993"}).Draw(t, "number") + blank
	case 1:
		return rapid.SampledFrom([]string{"true", "false", "null"}).Draw(t, "word")
	case 2:
		return anyString(t)
	case 3:
		return blank + rapid.SampledFrom([]string{"{}", "[]", "{ }", "[\n]"}).Draw(t, "empty") + blank
	case 4:
		parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return anyJSON(t, depth-1) }), 1, 3).Draw(t, "array")
		return "[" + blank + strings.Join(parts, ","+blank) + "]"
	default:
		parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return anyString(t) + blank + ":" + anyJSON(t, depth-1) }), 1, 3).Draw(t, "object")
		return blank + "{" + strings.Join(parts, blank+","+blank) + "}"
	}
}

func anyString(t *rapid.T) string {
	parts := rapid.SliceOf(rapid.SampledFrom([]string{"a", "plain text of some length", "é", "語", `\"`, `\\`, `\n`, `\u00e9`, `\ud800`, "[", "}"})).Draw(t, "string")
	return `"` + strings.Join(parts, "") + `"`
}

// TestObjectAgreesWithEncodingJSON: on what is valid, and on what a byte makes of it.
func TestObjectAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(`{"a":` + anyJSON(t, 4) + `}`)
		if err := jsontext.Object(text); err != nil || !json.Valid(text) {
			t.Fatalf("%s: %v", text, err)
		}
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "harm") {
		case 0:
			text = append(text[:at], text[at+1:]...)
		case 1:
			text = text[:at]
		default:
			text[at] = rapid.SampledFrom([]byte("\"\\{}[],:0-.e \n\x01tnfx")).Draw(t, "byte")
		}
		want := object(text)
		if want {
			valid++
		}
		if err := jsontext.Object(text); (err == nil) != want && !errors.Is(err, jsontext.ErrEncoding) {
			t.Fatalf("%q: %v, valid: %t", text, err, want)
		}
	})
	if valid == 0 {
		t.Error("no text stayed valid")
	}
}

// TestDepth: what is nested deeper than encoding/json reads is read, and has to be
// closed in its order.
func TestDepth(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{1, 63, 64, 65, 255, 256, 257, 10_000, 300_000} {
		mixed := strings.Repeat(`[{"a":`, depth) + "1" + strings.Repeat("}]", depth)
		if err := jsontext.Object([]byte(`{"a":` + mixed + `}`)); err != nil {
			t.Errorf("%d: %v", depth, err)
		}
		for _, bad := range []string{
			`{"a":` + mixed, `{"a":` + mixed + `}}`,
			`{"a":` + strings.Repeat(`[{"a":`, depth) + "1" + strings.Repeat("]}", depth) + `}`,
		} {
			if jsontext.Object([]byte(bad)) == nil {
				t.Errorf("%d: what is not closed in its order passes", depth)
			}
		}
	}
}

func TestObjectIsUTF8(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{\"a\":\"\xe9\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}"} {
		if err := jsontext.Object([]byte(text)); !errors.Is(err, jsontext.ErrEncoding) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzObject(f *testing.F) {
	for _, text := range []string{`{}`, `{"a":[1,2,{"b":null}]}`, `{"a":"\u00e9\\"}`, ` {"a" : -0.1e+5 } `, `[]`, `{"a":01}`, `{"a":1.}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 5000 { // deeper than this encoding/json does not go
			return
		}
		if err := jsontext.Object(text); (err == nil) != object(text) && !errors.Is(err, jsontext.ErrEncoding) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

// BenchmarkObject stands beside what it replaces.
func BenchmarkObject(b *testing.B) {
	row := []byte(`{"id":184467,"tenant_id":"7f0a3c1e-3b1f-4f0e-9a77-0d4f3f6f2b11","order_number":"SO-2026-000184467","status":"pending",` +
		`"customer_name":"Brown & Sons (Holding) Ltd","tax":237.41,"total":1486.91,"doc":{"a":[1,2,{"b":"` + strings.Repeat("text ", 40) + `"}]}}`)
	for name, check := range map[string]func(){
		"Object":        func() { _ = jsontext.Object(row) },
		"encoding-json": func() { _ = json.Valid(row) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(row)))
			b.ReportAllocs()
			for b.Loop() {
				check()
			}
		})
	}
}
