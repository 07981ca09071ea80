package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
)

// answers is a session whose signals say what was asked.
func (b *bundle) answers(t fatal, c *conn) *session.Session {
	t.Helper()
	s, err := b.Open(session.Peer{Conn: c, Signal: func(dst []byte, m *signal.Signal) []byte {
		if m.Kind == signal.Joined {
			return fmt.Appendf(dst, "joined|%s|%s|%s|\n", m.Tenant, m.Cursor, m.Reason)
		}
		return encoder{}.AppendSignal(dst, m)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestResumeOnlyJoin: where the stream cannot continue nothing is joined, and the
// answer says why; where it can, it is a join as any other.
func TestResumeOnlyJoin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ cursor, want string }{
		"malformed":     {"nonsense", "invalid"},
		"other history": {"f2.1.rz", "diverged"},
		"rewritten":     {feedID + ".2.zz", "diverged"},
		"pruned":        {"", "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, nil, func(t *testing.T, b *bundle) {
				for range 4 {
					b.publish("T", 1, false, "")
				}
				if test.cursor == "" {
					test.cursor = at(b.history.changes["T"][0])
				}
				b.history.floor["T"] = 2
				c := newConn(unlimited)
				s := b.answers(t, c)
				if err := s.Join(session.Request{Tenant: "T", Cursor: test.cursor, ResumeOnly: true}); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				b.publish("T", 1, false, "")
				synctest.Wait()
				lines := c.lines(t)
				if len(lines) != 1 || lines[0].kind != "joined" || lines[0].name != test.want {
					t.Fatalf("received %v, want that it failed: %s", lines, test.want)
				}
				if n := int64(len(s.Tenants())) + b.Stats().Subscriptions; n != 0 {
					t.Errorf("%d tenants are joined", n)
				}
				cursor := at(b.history.changes["T"][3])
				if err := s.Join(session.Request{Tenant: "T", Cursor: cursor, ResumeOnly: true}); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				b.Reset(feed.ErrDiverged) // is told to who has joined, exact or not
				b.Publish(nil, b.history.sequence)
				b.Live(true)
				synctest.Wait()
				if got := kinds(c.lines(t)[1:]); !strings.Contains(got, "joined") || !strings.Contains(got, "event e0@5") || !strings.Contains(got, "reset diverged") {
					t.Errorf("received %s", got)
				}
			})
		})
	}
}

// marked is an encoder that marks its events.
type marked struct{ encoder }

func (marked) AppendEvent(b []byte, e *feed.Event) []byte {
	return fmt.Appendf(b, "event|%s|%s|marked|%s\n", e.Tenant, e.Cursor, e.Data)
}

// TestEncoderOfSubscription: each has its own, and one that changes it goes on
// where it was.
func TestEncoderOfSubscription(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.Encoders = []signal.Encoder{encoder{}, marked{}} }, func(t *testing.T, b *bundle) {
		c := newConn(unlimited)
		s := b.join(t, c, session.Request{Tenant: "T"})
		if err := s.Join(session.Request{Tenant: "U", Encoder: marked{}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.publish("T", 1, false, "1")
		b.publish("U", 1, false, "2")
		synctest.Wait()
		if err := s.Join(session.Request{Tenant: "T", Encoder: marked{}}); err != nil {
			t.Fatal(err)
		}
		b.publish("T", 1, false, "3")
		synctest.Wait()
		var got []string
		for _, l := range c.lines(t) {
			if l.kind == "event" {
				got = append(got, l.tenant+l.data+l.name)
			}
		}
		if text := strings.Join(got, " "); text != "T1e0 U2marked Tmarked T3marked" { // the one without data is for the dashboard
			t.Errorf("received %s", text)
		}
	})
}
