package policy

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/test/rows"
)

func scanned(text string) *row.Row {
	r := row.Scan([]byte(text), nil)
	return &r
}

// TestAppendRowAgreesWithEncodingJSON draws rows with odd names and values. What is left
// are the members that are seen, in their order, each as it is in the whole row.
func TestAppendRowAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		columns := rows.Columns(t)
		draw := func() string {
			values := map[string]string{}
			for _, c := range columns {
				values[c[0]] = rows.Value().Draw(t, "value")
			}
			return rows.Write(t, columns, values)
		}
		newText, oldText := draw(), draw()
		var list []string
		for _, c := range columns {
			if rapid.Bool().Draw(t, "seen") {
				list = append(list, c[0])
			}
		}
		see := newColumns(list)
		whole := scanned(newText)
		normal := rows.Object(t, string(whole.Normal(whole.Text)))
		check(t, string(see.AppendRow([]byte("x"), whole, nil)), columns, func(name string) json.RawMessage {
			if slices.Contains(list, name) {
				return normal[name]
			}
			return nil
		})
		old := scanned(oldText)
		before := rows.Object(t, string(old.Normal(old.Text)))
		var kept []row.Field
		for i := range old.Fields { // an old row may lack what did not change
			if rapid.Bool().Draw(t, "changed") {
				kept = append(kept, old.Fields[i])
			}
		}
		old.Fields = kept
		check(t, string(see.AppendRow([]byte("x"), old, whole)), columns, func(name string) json.RawMessage {
			switch {
			case !slices.Contains(list, name):
				return nil
			case old.Find(name) >= 0:
				return before[name]
			}
			return normal[name]
		})
	})
}

// check compares an object after an x with the members that it should have.
func check(t *rapid.T, got string, columns [][2]string, want func(name string) json.RawMessage) {
	text := "x{"
	for _, c := range columns {
		if value := want(c[0]); value != nil {
			if len(text) > 2 {
				text += ","
			}
			text += c[1] + ":" + string(value)
		}
	}
	if text += "}"; got != text {
		t.Fatalf("%s\nwant\n%s", got, text)
	}
}

func TestCompletedRow(t *testing.T) {
	t.Parallel()
	before, after := scanned(`{ "gone":1, "status":"open","big":12345678901234567890 }`), scanned(`{"id":7,"status":"shipped","n":12345678901234567891}`)
	everything := &Columns{all: true}
	if got, want := string(everything.AppendRow(nil, before, after)), `{"id":7,"status":"open","n":"12345678901234567891","gone":1,"big":"12345678901234567890"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := string((*Columns)(nil).AppendRow(nil, before, after)); got != "{}" {
		t.Errorf("nothing is %s", got)
	}
	if d := (&Access{everything: everything}).Decide(&Question{Op: feed.Update, Before: before, After: after}); !d.Both.Has("status") || !d.Derived("id", "x") {
		t.Errorf("%+v", d)
	}
}
