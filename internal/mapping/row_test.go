package mapping

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/test/rows"
)

// TestDifferencesAgreeWithEncodingJSON changes, adds and removes columns of a
// row and compares Changed and Previous with a plain computation on maps.
func TestDifferencesAgreeWithEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rows.Columns(t)
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
				before[name] = rows.Value().Draw(t, "before")
				after[name] = rows.Value().Draw(t, "after")
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
			Before: []byte(rows.Write(t, left, before)), After: []byte(rows.Write(t, right, after)),
		}
		events := Events(c)
		if len(events) != 1 || !slices.Equal(events[0].Changed, changed) {
			t.Fatalf("%s to %s makes %v, want changed %q", c.Before, c.After, events, changed)
		}
		old := row.Scan(events[0].Previous, nil)
		if len(old.Fields) != len(previous) {
			t.Fatalf("previous is %s, want %v", events[0].Previous, previous)
		}
		for i := range old.Fields {
			got := strings.Trim(string(old.Value(i)), `"`)
			if want := strings.Trim(previous[old.Name(i)], `"`); got != want {
				t.Fatalf("previous %q is %s, want %s", old.Name(i), got, want)
			}
		}
	})
}

// TestRowPassesVerbatim holds that nested documents and the text around long
// numbers are not touched, and that a row without long numbers is not copied.
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
	})
}

func isObject(text []byte) bool {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	return json.Valid(text) && len(trimmed) > 0 && trimmed[0] == '{'
}
