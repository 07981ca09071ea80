package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/mapping"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		patterns string // separated by spaces
		pass     string
		stop     string
	}{
		{"", "order:created supplier:deleted dashboard:stats-updated", ""},
		{"*", "order:created dashboard:stats-updated", ""},
		{"order:*", "order:created order:status-changed", "purchase-order:created orders:created order or"},
		{"order:created stock:*", "order:created stock:adjusted", "order:updated stock-movement:created"},
		{"order:updated * sku:truncated", "anything:else", ""},
		{"a.b_c-D9:*", "a.b_c-D9:bulk", "a:bulk"},
	}
	for _, tt := range tests {
		patterns := strings.Fields(tt.patterns)
		f, err := mapping.ParseFilter(patterns)
		if err != nil {
			t.Errorf("ParseFilter(%q): %v", patterns, err)
			continue
		}
		for want, list := range map[bool]string{true: tt.pass, false: tt.stop} {
			for name := range strings.FieldsSeq(list) {
				if got := f.Match(name); got != want {
					t.Errorf("filter %q: Match(%q) = %v", patterns, name, got)
				}
				if got := mapping.Match(patterns, name); got != want {
					t.Errorf("Match(%q, %q) = %v", patterns, name, got)
				}
			}
		}
		if all := tt.stop == ""; f.All() != all {
			t.Errorf("filter %q: All() = %v", patterns, f.All())
		}
	}
	if !(mapping.Filter{}).Match("order:created") || !(mapping.Filter{}).All() {
		t.Error("the zero filter stops events")
	}
}

func TestParseFilterRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ pattern, says string }{
		{"", `"" is neither`},
		{"orders", `"orders" is neither "*" nor of the form "order:*" or "order:created"`},
		{"order:", "is neither"},
		{":created", "is neither"},
		{"**", "is neither"},
		{"ord*:created", "holds '*' before the colon"},
		{"*:created", "holds '*' before the colon"},
		{"order:cre*", "holds '*' after the colon"},
		{"order:**", "holds '*' after the colon"},
		{"order:a:b", "holds ':' after the colon"},
		{"order created:x", "holds ' ' before the colon"},
		{"order:créated", "holds 'é' after the colon"},
		{"order:\xff", "holds '\uFFFD' after the colon"},
		{strings.Repeat("a", 129), "has 129 bytes, at most 128"},
	}
	for _, tt := range tests {
		_, err := mapping.ParseFilter([]string{"order:*", tt.pattern})
		if !errors.Is(err, mapping.ErrFilter) || !strings.Contains(err.Error(), "pattern 2: ") || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("ParseFilter(%q) says %v, want %q", tt.pattern, err, tt.says)
		}
	}
	many := strings.Fields(strings.Repeat("order:* ", 65))
	if _, err := mapping.ParseFilter(many); !errors.Is(err, mapping.ErrFilter) || !strings.Contains(err.Error(), "65 patterns, at most 64") {
		t.Errorf("65 patterns: %v", err)
	}
	if _, err := mapping.ParseFilter(many[:64]); err != nil {
		t.Errorf("64 patterns: %v", err)
	}
	if _, err := mapping.ParseFilter([]string{strings.Repeat("a", 126) + ":b"}); err != nil {
		t.Errorf("128 bytes: %v", err)
	}
}

// TestFilterAgreesWithMatch compares the compiled filter with the plain
// definition.
func TestFilterAgreesWithMatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "b", "a-b", "ab", "c"})
		pattern := rapid.Custom(func(t *rapid.T) string {
			if rapid.IntRange(0, 19).Draw(t, "all") == 0 {
				return "*"
			}
			return part.Draw(t, "stem") + ":" + rapid.OneOf(part, rapid.Just("*")).Draw(t, "verb")
		})
		patterns := rapid.SliceOfN(pattern, 0, 6).Draw(t, "patterns")
		name := part.Draw(t, "stem") + ":" + part.Draw(t, "verb")
		f, err := mapping.ParseFilter(patterns)
		if err != nil {
			t.Fatalf("ParseFilter(%q): %v", patterns, err)
		}
		if got, want := f.Match(name), mapping.Match(patterns, name); got != want {
			t.Fatalf("filter %q passes %q: %v, by definition %v", patterns, name, got, want)
		}
	})
}

// TestUnreadablePassesFilters: who asks for any event that a change may have made is
// told that it cannot be read, nobody else.
func TestUnreadablePassesFilters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, stem string
		want          bool
	}{
		{"order:created", "order", true},
		{"order:status-changed", "order", true},
		{"order:*", "order", true},
		{"order:unreadable", "order", true},
		{"stock:adjusted", "stock-movement", true},
		{"stock:*", "stock-movement", true},
		{"alert:low-stock", "sku", true},
		{"supplier:deleted", "supplier", true},
		{"order:created", "purchase-order", false},
		{"supplier:shipped", "supplier", false},
		{"alert:low-stock", "supplier", false},
		{"alert:other", "sku", false},
	} {
		f, err := mapping.ParseFilter([]string{tt.pattern})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(tt.stem + ":unreadable"); got != tt.want {
			t.Errorf("%s lets %s:unreadable pass: %t", tt.pattern, tt.stem, got)
		}
	}
}
