package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rowcast/internal/feed"
)

// ErrFilter is the error that every refusal of ParseFilter wraps.
var ErrFilter = errors.New("bad event filter")

// Limits of a filter.
const (
	// MaxPatterns is how many patterns a filter may have.
	MaxPatterns = 64
	// MaxPattern is how long a pattern may be, in bytes.
	MaxPattern = 128
)

// Filter chooses events by name. The zero Filter lets every event pass. It is
// immutable and may be shared.
type Filter struct {
	// names are exact names and stems with their colon, sorted. Nil lets every
	// event pass.
	names []string
}

// ParseFilter compiles patterns: "*" for every event, "order:*" for every
// event of a stem, or an exact name. No pattern at all is the zero Filter.
// Errors wrap ErrFilter.
func ParseFilter(patterns []string) (Filter, error) {
	if len(patterns) > MaxPatterns {
		return Filter{}, fmt.Errorf("%w: %d patterns, at most %d are allowed", ErrFilter, len(patterns), MaxPatterns)
	}
	var f Filter
	all := len(patterns) == 0
	for i, p := range patterns {
		if err := checkPattern(p); err != nil {
			return Filter{}, fmt.Errorf("%w: pattern %d: %w", ErrFilter, i+1, err)
		}
		if p == "*" {
			all = true
		}
		f.names = append(f.names, strings.TrimSuffix(p, "*"))
	}
	if all {
		return Filter{}, nil
	}
	slices.Sort(f.names)
	f.names = slices.Clip(slices.Compact(f.names))
	return f, nil
}

// All says whether the filter lets every event pass.
func (f Filter) All() bool { return f.names == nil }

// Stems are what the names that the filter lets pass begin with, none if it lets every
// event pass.
func (f Filter) Stems() (stems []string) {
	for _, name := range f.names {
		stem, _, _ := strings.Cut(name, ":")
		if !slices.Contains(stems, stem) {
			stems = append(stems, stem)
		}
	}
	return stems
}

// Known says whether events of the catalogue begin with a stem.
func Known(stem string) bool {
	return stem != anyName && slices.ContainsFunc(Catalogue(), func(r Rule) bool { return strings.HasPrefix(r.Event, stem+":") })
}

// Match says whether the filter lets an event pass. A change that cannot be read
// passes wherever one of the events that it may have made does.
func (f Filter) Match(name string) bool {
	if f.names == nil || f.match(name) {
		return true
	}
	unread, ok := strings.CutSuffix(name, ":"+feed.UnreadableVerb)
	if !ok {
		return false
	}
	s, own := stemOf(unread)
	return slices.ContainsFunc(s.rules, func(r Rule) bool {
		if !own {
			r.Event = unread + r.Event[len(anyName):]
		}
		return f.match(r.Event)
	})
}

func (f Filter) match(name string) bool {
	if _, exact := slices.BinarySearch(f.names, name); exact {
		return true
	}
	_, stem := slices.BinarySearch(f.names, name[:strings.LastIndexByte(name, ':')+1])
	return stem
}

// Match says whether one of the patterns, or an empty list, lets an event
// pass. A Filter does the same faster, but for changes that cannot be read.
func Match(patterns []string, name string) bool {
	for _, p := range patterns {
		if p == "*" || p == name {
			return true
		}
		if stem, ok := strings.CutSuffix(p, ":*"); ok && stem == name[:max(strings.LastIndexByte(name, ':'), 0)] {
			return true
		}
	}
	return len(patterns) == 0
}

// checkPattern says what is wrong with a pattern.
func checkPattern(p string) error {
	if len(p) > MaxPattern {
		return fmt.Errorf("%.20q… has %d bytes, at most %d are allowed", p, len(p), MaxPattern)
	}
	if p == "*" {
		return nil
	}
	stem, verb, ok := strings.Cut(p, ":")
	if !ok || stem == "" || verb == "" {
		return fmt.Errorf(`%q is neither "*" nor of the form "order:*" or "order:created"`, p)
	}
	if c, bad := foreign(stem); bad {
		return fmt.Errorf("%q holds %q before the colon; letters, digits, '-', '_' and '.' are allowed", p, c)
	}
	if c, bad := foreign(verb); bad && verb != "*" {
		return fmt.Errorf("%q holds %q after the colon; letters, digits, '-', '_' and '.', or a single '*', are allowed", p, c)
	}
	return nil
}

// foreign finds a character that no part of an event name has.
func foreign(part string) (c rune, bad bool) {
	for _, c := range part {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return c, true
		}
	}
	return 0, false
}
