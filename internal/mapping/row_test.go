package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
)

// value draws the text of a JSON value, with whitespace in odd places.
func value() *rapid.Generator[string] {
	text := rapid.Custom(func(t *rapid.T) string { return marshal(rapid.String().Draw(t, "text")) })
	tricky := rapid.SampledFrom([]string{
		`""`, `"\\"`, `"\""`, `"{"`, `"}\\\""`, `"a\u005c"`, `{}`, `[]`, `{ "a" : [ "]" , {"}":1e400} ] }`, `[[[{}]]]`,
		"[\n\t1\r]", `true`, `false`, `null`,
	})
	return rapid.OneOf(text, tricky, number())
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

func columnsOf(t *rapid.T) [][2]string {
	return rapid.SliceOfNDistinct(column(), 0, 40, func(c [2]string) string { return c[0] }).Draw(t, "columns")
}

// write gives the text of a row.
func write(t *rapid.T, columns [][2]string, values map[string]string) string {
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

// TestScanAgreesWithEncodingJSON compares the fields and the treated row with
// what the standard library reads.
func TestScanAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		columns := columnsOf(t)
		values := map[string]string{}
		for _, c := range columns {
			values[c[0]] = value().Draw(t, "value")
		}
		text := write(t, columns, values)
		r := scan([]byte(text), nil)
		want := object(t, text)
		if !r.ok || len(r.fields) != len(want) {
			t.Fatalf("scan(%s) = %d fields, %v; want %d", text, len(r.fields), r.ok, len(want))
		}
		for i, c := range columns {
			if name := r.name(i); name != c[0] || string(r.value(i)) != string(want[name]) || r.find(name) != i {
				t.Fatalf("field %d of %s is %q %s, found at %d; want %q %s", i, text, name, r.value(i), r.find(name), c[0], want[c[0]])
			}
		}
		checkNormal(t, &r, want)
	})
}

// checkNormal compares the row that clients get with the fields it came from.
func checkNormal(t interface{ Fatalf(string, ...any) }, r *row, want map[string]json.RawMessage) {
	got := map[string]json.RawMessage{}
	if err := json.Unmarshal(r.normal(r.text), &got); err != nil || len(got) != len(want) {
		t.Fatalf("%s becomes %s: %v", r.text, r.normal(r.text), err)
	}
	for name, text := range want {
		expect := string(text)
		if c := expect[0]; c == '-' || ('0' <= c && c <= '9') {
			if _, fit := fits(text); !fit {
				expect = `"` + expect + `"`
			}
		}
		if string(got[name]) != expect {
			t.Fatalf("%q of %s becomes %s, want %s", name, r.text, got[name], expect)
		}
	}
}

// TestDifferencesAgreeWithEncodingJSON changes, adds and removes columns of a
// row and compares Changed and Previous with a plain computation on maps.
func TestDifferencesAgreeWithEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := columnsOf(t)
		before, after := map[string]string{}, map[string]string{}
		var left, right [][2]string
		var changed, gone []string
		previous := map[string]string{}
		for _, c := range all {
			name := c[0]
			before[name], after[name] = "1", "1"
			switch rapid.IntRange(0, 9).Draw(t, "fate") {
			case 0:
				gone = append(gone, name)
				left = append(left, c)
				previous[name] = before[name]
				continue
			case 1: // as it was
				right = append(right, c)
				continue
			case 2, 3, 4:
				before[name] = value().Draw(t, "before")
				after[name] = value().Draw(t, "after")
			}
			left, right = append(left, c), append(right, c)
			if before[name] != after[name] {
				changed = append(changed, name)
				previous[name] = before[name]
			}
		}
		changed = append(changed, gone...)
		c := &feed.Change{
			Name: "thing", Op: feed.Update,
			Before: []byte(write(t, left, before)), After: []byte(write(t, right, after)),
		}
		events := Events(c)
		if len(events) != 1 || !slices.Equal(events[0].Changed, changed) {
			t.Fatalf("%s to %s makes %v, want changed %q", c.Before, c.After, events, changed)
		}
		old := scan(events[0].Previous, nil)
		checkNormal(t, &old, object(t, string(events[0].Previous)))
		if len(old.fields) != len(previous) {
			t.Fatalf("previous is %s, want %v", events[0].Previous, previous)
		}
		for i := range old.fields {
			got := strings.Trim(string(old.value(i)), `"`)
			if want := strings.Trim(previous[old.name(i)], `"`); got != want {
				t.Fatalf("previous %q is %s, want %s", old.name(i), got, want)
			}
		}
	})
}

// TestRowPassesVerbatim holds that nested documents and the text around long
// numbers are not touched, and that a row without long numbers is not copied.
func TestRowPassesVerbatim(t *testing.T) {
	t.Parallel()
	plain := []byte(`{"a":1,"doc":{"n" : 123456789012345678901234567890, "l":[ 1e400 ]},"b":"x\u0041"}`)
	r := scan(plain, nil)
	if got := r.normal(r.text); &got[0] != &plain[0] || len(got) != len(plain) {
		t.Errorf("row without long numbers was copied or changed: %s", got)
	}
	long := ` {"a":1,"doc":{"n" : 12345678901234567890}, "n" : 12345678901234567890 ,"m":-1e999,"z":[12345678901234567890]} `
	want := ` {"a":1,"doc":{"n" : 12345678901234567890}, "n" : "12345678901234567890" ,"m":"-1e999","z":[12345678901234567890]} `
	r = scan([]byte(long), nil)
	if got := string(r.normal(r.text)); got != want {
		t.Errorf("row becomes %s\nwant %s", got, want)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"id":1,"status":"a","quantity":12,"low_stock_threshold":3}`), []byte(`{"id":1,"status":"received","quantity":3,"low_stock_threshold":3}`))
	f.Add([]byte(`{"a":9223372036854775807,"b":1e400}`), []byte(`{"a":9223372036854775806,"c":-0.0}`))
	f.Add([]byte(` { "a\"\\" : [ {"}":"]"} ] , "\u0061" : "\\" } `), []byte(`{"a":null}`))
	f.Add([]byte(`{"movement_type":"adjustment","movement_type":1}`), []byte(`{"a":1,}`))
	f.Add([]byte(`{"a":12-3}`), []byte(``))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		valid := isObject(before) && isObject(after)
		keptBefore, keptAfter := bytes.Clone(before), bytes.Clone(after)
		for _, name := range []string{"stock-movement", "order", "purchase-order", "sku", "thing"} {
			for _, op := range []feed.Op{feed.Insert, feed.Update, feed.Delete} {
				c := &feed.Change{Name: name, Op: op, Before: before, After: after, From: 1, Position: 1}
				for _, e := range Events(c) {
					if !valid {
						continue
					}
					if !isObject(e.Data) || (op == feed.Update && (!isObject(e.Previous) || e.Changed == nil)) {
						t.Fatalf("%s of %s to %s has data %s, changed %q, previous %s", e.Name, before, after, e.Data, e.Changed, e.Previous)
					}
				}
				DashboardReason(c)
			}
		}
		if !bytes.Equal(before, keptBefore) || !bytes.Equal(after, keptAfter) {
			t.Fatal("the rows were written to")
		}
		r := scan(before, nil)
		if want := map[string]json.RawMessage{}; json.Unmarshal(before, &want) == nil && want != nil {
			if !r.ok {
				t.Fatalf("scan refuses %s", before)
			}
			if len(want) == len(r.fields) && isObject(before) { // no key twice
				checkNormal(t, &r, want)
			}
		} else if !r.ok && string(r.normal(r.text)) != string(before) && len(before) > 0 {
			t.Fatalf("refused row %q becomes %q", before, r.normal(r.text))
		}
	})
}

func isObject(text []byte) bool {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	return json.Valid(text) && len(trimmed) > 0 && trimmed[0] == '{'
}

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("marshal %v of type %v: %v", v, reflect.TypeOf(v), err))
	}
	return string(text)
}

func object(t *rapid.T, text string) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("read %s: %v", text, err)
	}
	return m
}
