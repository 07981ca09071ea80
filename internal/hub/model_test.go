package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
)

// model is the naive hub: the list of all events of each tenant.
type model struct {
	events map[string][]feed.Event
}

// after are the events that follow a cursor.
func (m *model) after(t fatal, tenant string, cursor string, admit func(string) bool) (names []string) {
	c, err := feed.ParseCursor(cursor)
	if err != nil {
		t.Fatalf("cursor %q of tenant %s: %v", cursor, tenant, err)
	}
	for _, e := range m.events[tenant] {
		ec := e.Cursor
		later := ec.Position > c.Position || (ec.Position == c.Position && ec.Delivered > c.Delivered)
		if later && (admit == nil || admit(e.Name)) {
			names = append(names, fmt.Sprintf("%s %s %s", e.Cursor, e.Name, e.Data))
		}
	}
	return names
}

// client is a session of the model test, and what it did.
type client struct {
	conn    *conn
	session *session.Session
	admit   func(string) bool
	// cursors are the last known ones, by tenant.
	cursors map[string]string
}

// check compares what a client received with the model. complete says that
// nothing is under way.
func (c *client) check(t fatal, tb testing.TB, m *model, complete bool) {
	t.Helper()
	type stream struct {
		from string
		got  []string
		last feed.Cursor
	}
	streams := map[string]*stream{}
	end := func(tenant string, whole bool) {
		s := streams[tenant]
		if s == nil {
			return
		}
		want := m.after(t, tenant, s.from, c.admit)
		if len(s.got) > len(want) || strings.Join(s.got, "\n") != strings.Join(want[:len(s.got)], "\n") {
			t.Fatalf("tenant %s after %s:\n got %q\nwant %q", tenant, s.from, s.got, want)
		}
		if whole && len(s.got) != len(want) {
			t.Fatalf("tenant %s after %s: got %d events, want %d", tenant, s.from, len(s.got), len(want))
		}
	}
	c.cursors = map[string]string{}
	for _, l := range c.conn.complete(tb) {
		switch l.kind {
		case "reset":
			t.Fatalf("tenant %s is reset at %s, though its history is whole", l.tenant, l.cursor)
		case "joined":
			end(l.tenant, false)
			streams[l.tenant] = &stream{from: l.cursor}
		case "left":
			end(l.tenant, false)
			delete(streams, l.tenant)
			delete(c.cursors, l.tenant)
			continue
		case "event":
			s := streams[l.tenant]
			if s == nil {
				t.Fatalf("event of tenant %s before joined", l.tenant)
			}
			cursor, err := feed.ParseCursor(l.cursor)
			if err != nil {
				t.Fatal(err)
			}
			if l.name != "stats" {
				s.got = append(s.got, fmt.Sprintf("%s %s %s", l.cursor, l.name, l.data))
			} else if cursor.Position < s.last.Position {
				t.Fatalf("dashboard event %s after %s", cursor, s.last)
			}
			s.last = cursor
		case "progress":
		default:
			continue
		}
		c.cursors[l.tenant] = l.cursor
	}
	for tenant := range streams {
		end(tenant, complete)
	}
}

// TestStreamsMatchModel: whatever is published, joined, resumed, filtered,
// blocked and cut, every stream is exactly what follows its cursor.
func TestStreamsMatchModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var stopped any // how rapid ends a run that fails
		synctest.Test(t, func(tb *testing.T) {
			defer func() { stopped = recover() }()
			b := setup(rt, func(o *room.Options) {
				o.RingBytes = rapid.SampledFrom([]int{1 << 10, 4 << 10, 1 << 20}).Draw(rt, "ring")
				o.PageSize = rapid.IntRange(1, 5).Draw(rt, "page")
				o.Workers = rapid.IntRange(1, 3).Draw(rt, "workers")
			})
			defer b.stop()
			runModel(rt, tb, b)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}

func runModel(t *rapid.T, tb testing.TB, b *bundle) {
	m := &model{events: map[string][]feed.Event{}}
	tenants := []string{"T", "U"}
	var clients []*client
	known := map[string][]string{} // cursors that some client has had
	open := func(t *rapid.T) *client {
		c := &client{conn: newConn(unlimited), cursors: map[string]string{}}
		c.conn.slowOnly = rapid.Bool().Draw(t, "slow only")
		if rapid.Bool().Draw(t, "filter") {
			c.admit = func(name string) bool { return name == "e1" || name == "stats" }
		}
		c.session = b.open(t, c.conn)
		clients = append(clients, c)
		return c
	}
	pick := func(t *rapid.T) *client {
		if len(clients) == 0 {
			return open(t)
		}
		return rapid.SampledFrom(clients).Draw(t, "client")
	}
	tenant := rapid.SampledFrom(tenants)
	t.Repeat(map[string]func(*rapid.T){
		"publish": func(t *rapid.T) {
			n := rapid.IntRange(1, 12).Draw(t, "n")
			batch := make([]feed.Change, n)
			for i := range batch {
				data := strings.Repeat("x", rapid.SampledFrom([]int{0, 3, 300}).Draw(t, "size"))
				batch[i] = b.history.seal(tenant.Draw(t, "tenant"), rapid.IntRange(0, 3).Draw(t, "events"),
					rapid.Bool().Draw(t, "dashboard"), data)
				m.events[batch[i].Tenant] = mapChange(m.events[batch[i].Tenant], &batch[i])
			}
			b.Publish(batch, b.history.sequence)
		},
		"publish again": func(t *rapid.T) {
			if list := b.history.changes["T"]; len(list) > 0 {
				b.Publish(list[rapid.IntRange(0, len(list)-1).Draw(t, "from"):], b.history.sequence)
			}
		},
		"open": func(t *rapid.T) { open(t) },
		"join": func(t *rapid.T) {
			c := pick(t)
			if err := c.session.Join(session.Request{Tenant: tenant.Draw(t, "tenant"), Admit: c.admit}); err != nil {
				t.Fatal(err)
			}
		},
		"resume": func(t *rapid.T) {
			c, name := pick(t), tenant.Draw(t, "tenant")
			cursors := known[name]
			for _, e := range m.events[name] {
				cursors = append(cursors, e.Cursor.String())
			}
			if len(cursors) == 0 {
				return
			}
			q := session.Request{Tenant: name, Admit: c.admit, Cursor: rapid.SampledFrom(cursors).Draw(t, "cursor")}
			if err := c.session.Join(q); err != nil {
				t.Fatal(err)
			}
		},
		"leave": func(t *rapid.T) { pick(t).session.Leave(tenant.Draw(t, "tenant")) },
		"block": func(t *rapid.T) { pick(t).conn.stop() },
		"trickle": func(t *rapid.T) {
			pick(t).conn.allow(rapid.IntRange(1, 900).Draw(t, "bytes"))
		},
		"flow": func(t *rapid.T) { pick(t).conn.allow(unlimited) },
		"cut":  func(t *rapid.T) { pick(t).conn.cut() },
		"wait": func(t *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(0, 900).Draw(t, "ms")) * time.Millisecond)
		},
		"resync": func(t *rapid.T) {
			// The publisher skips a change and the hub finds out.
			b.history.seal("U", 1, false, "skipped")
			list := b.history.changes["U"]
			m.events["U"] = mapChange(m.events["U"], &list[len(list)-1])
		},
		"": func(t *rapid.T) {
			for _, c := range clients {
				c.check(t, tb, m, false)
				for name, cursor := range c.cursors {
					known[name] = append(known[name], cursor)
				}
			}
		},
	})
	// In the end everything flows, and all that was missed arrives.
	for _, name := range tenants {
		c := b.history.seal(name, 1, true, "last")
		m.events[name] = mapChange(m.events[name], &c)
		b.Publish([]feed.Change{c}, b.history.sequence)
	}
	for _, c := range clients {
		c.conn.allow(unlimited)
	}
	time.Sleep(8 * time.Second)
	synctest.Wait()
	for _, c := range clients {
		hung, _ := c.conn.isHung()
		c.check(t, tb, m, !hung)
	}
}
