package printer

import (
	"rowcast/internal/command/program"
	"rowcast/internal/mapping"
)

// Logged refuses to wait for events that are made for screens and are in
// no log.
func Logged(pattern string) error {
	filter, err := mapping.ParseFilter([]string{pattern})
	if err != nil || filter.All() {
		return err
	}
	for _, r := range mapping.Catalogue() {
		if r.When.Kind == mapping.Coalesced && filter.Match(r.Event) {
			return program.Usage("--events %s: %s sums up other events for screens and is in no log; leave it out", pattern, r.Event)
		}
	}
	return nil
}
