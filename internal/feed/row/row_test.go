package row

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/test/rows"
)

// TestScanAgreesWithEncodingJSON compares the fields and the treated row with
// what the standard library reads.
func TestScanAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		columns := rows.Columns(t)
		values := map[string]string{}
		for _, c := range columns {
			values[c[0]] = rows.Value().Draw(t, "value")
		}
		text := rows.Write(t, columns, values)
		r := Scan([]byte(text), nil)
		want := rows.Object(t, text)
		if !r.OK || len(r.Fields) != len(want) {
			t.Fatalf("Scan(%s) = %d fields, %v; want %d", text, len(r.Fields), r.OK, len(want))
		}
		for i, c := range columns {
			if name := r.Name(i); name != c[0] || string(r.Value(i)) != string(want[name]) || r.Find(name) != i {
				t.Fatalf("field %d of %s is %q %s, found at %d; want %q %s", i, text, name, r.Value(i), r.Find(name), c[0], want[c[0]])
			}
		}
		checkNormal(t, &r, want)
	})
}

// checkNormal compares the row that clients get with the fields it came from.
func checkNormal(t interface{ Fatalf(string, ...any) }, r *Row, want map[string]json.RawMessage) {
	got := map[string]json.RawMessage{}
	if err := json.Unmarshal(r.Normal(r.Text), &got); err != nil || len(got) != len(want) {
		t.Fatalf("%s becomes %s: %v", r.Text, r.Normal(r.Text), err)
	}
	for name, text := range want {
		expect := string(text)
		if c := expect[0]; c == '-' || ('0' <= c && c <= '9') {
			if _, fit := fits(text); !fit {
				expect = `"` + expect + `"`
			}
		}
		if string(got[name]) != expect {
			t.Fatalf("%q of %s becomes %s, want %s", name, r.Text, got[name], expect)
		}
	}
}

// TestFindKeepsKeysApart: the text of a key may be the name of another column.
func TestFindKeepsKeysApart(t *testing.T) {
	t.Parallel()
	r := Scan([]byte(`{"a\"":1,"a\\\"":2,"a\\\\\"":3}`), nil)
	for i, name := range []string{`a"`, `a\"`, `a\\"`} {
		if found := r.Find(name); found != i {
			t.Errorf("%s is found at %d, want %d", name, found, i)
		}
	}
}

func TestRowPassesVerbatim(t *testing.T) {
	t.Parallel()
	plain := []byte(`{"a":1,"doc":{"n" : 123456789012345678901234567890, "l":[ 1e400 ]},"b":"x\u0041"}`)
	r := Scan(plain, nil)
	if got := r.Normal(r.Text); &got[0] != &plain[0] || len(got) != len(plain) {
		t.Errorf("row without long numbers was copied or changed: %s", got)
	}
	long := ` {"a":1,"doc":{"n" : 12345678901234567890}, "n" : 12345678901234567890 ,"m":-1e999,"z":[12345678901234567890]} `
	want := ` {"a":1,"doc":{"n" : 12345678901234567890}, "n" : "12345678901234567890" ,"m":"-1e999","z":[12345678901234567890]} `
	r = Scan([]byte(long), nil)
	if got := string(r.Normal(r.Text)); got != want {
		t.Errorf("row becomes %s\nwant %s", got, want)
	}
}
