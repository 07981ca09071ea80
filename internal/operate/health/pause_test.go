package health_test

import (
	"strings"
	"testing"

	"rowcast/internal/operate/health"
	"rowcast/internal/test/pgtest"
)

// A pause is reported while it goes on, and logged when it begins and ends, with
// who and why.
func TestPausesAreReported(t *testing.T) {
	t.Parallel()
	s := newWatcher(t)
	session := pgtest.ConnectAs(t, s.DSN, "nightly")
	pgtest.Exec(t, session, `select rowcast.pause('import of May')`)
	got := s.until(t, "pause", func(got health.Status) bool { return len(got.Paused) == 1 })
	if p := got.Paused[0]; p.Role != "postgres" || p.Application != "nightly" || p.Address != "" || p.Reason != "import of May" || p.Begun.IsZero() || !p.Active {
		t.Errorf("the pause is %+v", p)
	}
	pgtest.Exec(t, session, `select rowcast.resume()`)
	s.until(t, "end of the pause", func(got health.Status) bool { return len(got.Paused) == 0 })
	// One that is over before anybody looks.
	pgtest.Exec(t, session, `select rowcast.pause('a quick one', this_transaction => true)`)
	for range 2 { // the first may have begun before
		last := s.Status().Checked
		s.until(t, "another check", func(got health.Status) bool { return got.Checked.After(last) })
	}
	for text, times := range map[string]int{
		`capture is paused by a session`: 1, `capture is no longer paused`: 1, `capture was paused by a session`: 1,
		`role=postgres application=nightly`: 3, `reason="import of May"`: 2, `reason="a quick one"`: 1,
	} {
		if lines := s.log.lines(text); len(lines) != times {
			t.Errorf("%d lines say %s; want %d: %s", len(lines), text, times, strings.Join(lines, ""))
		}
	}
}
