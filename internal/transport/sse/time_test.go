package sse_test

import (
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/test/raw"
)

// bubble runs a test in fake time, over connections without a file descriptor.
func bubble(t *testing.T, f func(t *testing.T, b *bundle)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := raw.NewPipes()
		b := setup(t, p, nil)
		b.dial = p.Dial
		f(t, b)
	})
}

// within fails if an event of the test did not take the time it has to.
func within(t *testing.T, what string, start time.Time, least, most time.Duration) {
	t.Helper()
	if took := time.Since(start); took < least || took > most {
		t.Errorf("%s after %s", what, took)
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bundle) {
		start := time.Now()
		s := b.open(t, "ann_T_40s", "")
		s.expect("token-expiring")
		within(t, "warned", start, 10*time.Second, 11*time.Second)
		e := s.expect("closed")
		within(t, "ended", start, 40*time.Second, 41*time.Second)
		if e.wire.Data != `{"type":"closed","code":4003,"reason":"token-expired"}` {
			t.Errorf("closed %+v", e)
		}
	})
}

// TestPing: a comment comes every 15 s, and nothing is expected in return.
func TestPing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bundle) {
		s := b.open(t, annOfT, "")
		last := time.Now()
		for n := 0; n < 20; {
			e, err := s.read()
			if err != nil {
				t.Fatal(err)
			}
			if e.wire.Comment == "" {
				if e.wire.Name != "progress" || e.wire.ID == "" {
					t.Fatalf("got %+v", e)
				}
				continue
			}
			if e.wire.Comment != "ping" {
				t.Fatalf("got %+v", e)
			}
			least := 15 * time.Second
			if n == 0 {
				least = 7 * time.Second
			}
			within(t, "ping", last, least, 17*time.Second)
			last = time.Now()
			n++
		}
		s.Conn.Close()
	})
}
