package view_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
	"rowcast/internal/view"
)

// readers are the sessions of the test of audiences: by the subject of their token, what
// columns of each type write for it.
var readers = map[string][]view.Subject{
	"":    view.Subjects("", "", ""),
	"7":   view.Subjects("7", "7", "7"),
	"007": view.Subjects("007", "007", "7"),
	"AB":  view.Subjects("AB", "ab", "AB"),
	"ann": view.Subjects("ann", "ann", "ann"),
}

// reads says whether a session reads a row with a value, as SQL would compare them.
func reads(kind, sub, value string) bool {
	if kind == "other" {
		return false
	}
	if value == "null" {
		return true
	}
	if value == "" || value == `""` || sub == "" { // the column is missing, or names nobody
		return false
	}
	var text string
	if json.Unmarshal([]byte(value), &text) != nil {
		text = value
	}
	switch {
	case value[0] != '"' && sub == "007": // it was an integer
		sub = "7"
	case value[0] == '"' && kind == "uuid" && sub == "AB":
		sub = "ab"
	}
	return sub == text
}

// TestAudience draws changes of a table whose rows are for somebody. Each session sees of
// them what somebody sees to whom a row is there or not.
func TestAudience(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"text", "uuid", "integer", "other"}).Draw(t, "type")
		// Both rows of a change were written with one type.
		value := rapid.SampledFrom([]string{"null", "", "7", "8"})
		if rapid.Bool().Draw(t, "written as text") {
			value = rapid.SampledFrom([]string{"null", "", `""`, `"7"`, `"007"`, `"ab"`, `"AB"`, `"ann"`, `"\u0061nn"`, `"some\"one"`})
		}
		write := func(name string) (text, for_ string) {
			for_ = value.Draw(t, name)
			if for_ == "" {
				return fmt.Sprintf(`{"id":1,"side":%q}`, name), for_
			}
			return fmt.Sprintf(`{"id":1,"user_id":%s,"side":%q}`, for_, name), for_
		}
		c := change(rapid.SampledFrom([]feed.Op{feed.Insert, feed.Update, feed.Delete, feed.Replay, feed.Truncate}).Draw(t, "op"), "", "")
		c.Audience = feed.Audience{Column: "user_id", Type: kind}
		var old, now string
		hasOld, hasNow := c.Op == feed.Update || c.Op == feed.Delete, c.Op == feed.Insert || c.Op == feed.Update || c.Op == feed.Replay
		if hasNow {
			var text string
			text, now = write("new")
			c.After = []byte(text)
		}
		if hasOld {
			var text string
			text, old = write("old")
			if c.Op == feed.Update && old == "" { // what an update leaves is not logged twice
				old = now
			}
			c.Before = []byte(text)
		}
		events := mapping.Events(c)
		var looked view.Change
		looked.Set(c, nil)
		looked.With(events)
		decided := (*view.View)(nil).Decide(&looked)
		for sub, subjects := range readers {
			var got []string
			for i := range events {
				for k, part := range looked.Parts() {
					if e := looked.See(decided[k], i); e != nil && part.Has(subjects) {
						got = append(got, e.Name+" "+e.Match)
					}
				}
			}
			was, is := hasOld && reads(kind, sub, old), hasNow && reads(kind, sub, now)
			var want []string
			switch {
			case c.Op == feed.Truncate:
				want = []string{"order:truncated "}
			case c.Op == feed.Update && was && is:
				want = []string{"order:updated "}
			case c.Op == feed.Update && is:
				want = []string{"order:updated entered"}
			case c.Op == feed.Update && was:
				want = []string{"order:updated left"}
			case c.Op == feed.Insert && is:
				want = []string{"order:created "}
			case c.Op == feed.Replay && is:
				want = []string{"order:replayed "}
			case c.Op == feed.Delete && was:
				want = []string{"order:deleted "}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s of %s: %q sees %q of %s to %s, want %q", c.Op, kind, sub, got, c.Before, c.After, want)
			}
		}
	})
}

// TestAudienceOfStatements: what has no rows says nothing of how many there were, and what
// cannot be read is for nobody.
func TestAudienceOfStatements(t *testing.T) {
	t.Parallel()
	c := change(feed.Insert, "", "")
	c.Audience, c.Bulk, c.Position = feed.Audience{Column: "user_id", Type: "text"}, true, 200_000
	if got := seen(nil, c); !slices.Equal(got, []string{`order:bulk  {"operation":"insert","table":"orders"}`}) {
		t.Errorf("a statement: %q", got)
	}
	for _, c := range []*feed.Change{change(feed.Insert, "", `[]`), change(feed.Insert, "", "")} {
		c.Audience = feed.Audience{Column: "user_id", Type: "text"}
		if c.After == nil {
			c.Unreadable = &feed.Unreadable{Reason: feed.Size}
		}
		var looked view.Change
		events := mapping.Events(c)
		looked.Set(c, nil)
		looked.With(events)
		for k, part := range looked.Parts() {
			for sub, subjects := range readers {
				if e := looked.See((*view.View)(nil).Decide(&looked)[k], 0); e != nil && part.Has(subjects) {
					t.Errorf("%q sees %s", sub, e.Name)
				}
			}
		}
	}
}
