package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/view"
	"rowcast/internal/view/where"
)

// model is the naive hub: the list of all events of each tenant.
type model struct {
	events map[string][]event
}

// content is a row of the model: a number, and for whom it is; none has the number 0.
type content struct {
	number int
	reader string // empty for everybody
}

// event is one with the rows of its change.
type event struct {
	feed.Event
	was, is content
	before  string
}

// add adds the events of a change.
func (m *model) add(c *feed.Change, was, is content) {
	for _, e := range mapChange(nil, c) {
		m.events[c.Tenant] = append(m.events[c.Tenant], event{e, was, is, string(c.Before)})
	}
}

// wish is what a client is, and wants.
type wish struct {
	// wanted is the number of the rows that it wants, 0 for all.
	wanted  int
	subject string
}

func (w wish) wants(c content) bool { return w.wanted == 0 || c.number == w.wanted }

func (w wish) reads(c content) bool { return c.reader == "" || c.reader == w.subject }

// seen is what a client gets of an event, empty for nothing.
func (e *event) seen(w wish) string {
	name, data := e.Name, string(e.Data)
	had, has := e.was.number > 0 && w.wants(e.was) && w.reads(e.was), w.wants(e.is) && w.reads(e.is)
	switch {
	case e.Name == "stats" || had && has || e.was.number == 0 && has:
	case !had && !has:
		return ""
	case !strings.HasSuffix(name, ":updated"):
		if !w.reads(e.was) || !w.reads(e.is) {
			return ""
		}
	case has:
		name += "entered"
	default:
		name, data = name+"left", e.before
	}
	return fmt.Sprintf("%s %s %s", e.Cursor, name, data)
}

// write writes a row down.
func write(c content, rest string) string {
	reader := "null"
	if c.reader != "" {
		reader = strconv.Quote(c.reader)
	}
	return fmt.Sprintf(`{"n":%d,"reader":%s,"rest":"%s"}`, c.number, reader, rest)
}

// subjects are all that a subject is.
func subjects(text string) []view.Subject { return view.Subjects(text, text, text) }

// viewOf sees the rows of a number, or all if that is 0.
func viewOf(t fatal, wanted int) *view.View {
	if wanted == 0 {
		return nil
	}
	f, err := where.Parse(fmt.Appendf(nil, `{"0":{"n":%[1]d},"1":{"n":%[1]d},"2":{"n":%[1]d},"3":{"n":%[1]d}}`, wanted))
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]where.Column{"n": {Type: "integer", Kind: where.Number}}
	tables := map[string]map[string]where.Column{"0": columns, "1": columns, "2": columns, "3": columns}
	bound, err := f.Bind(context.Background(), tables, func(_ context.Context, wanted []where.Wanted) (values []json.RawMessage, err error) {
		for _, w := range wanted {
			values = append(values, json.RawMessage(w.Text))
		}
		return values, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return view.New(f.Canonical(), bound)
}

// after are the events that follow a cursor.
func (m *model) after(t fatal, tenant string, cursor string, w wish, admit func(string) bool) (names []string) {
	c, err := feed.ParseCursor(cursor)
	if err != nil {
		t.Fatalf("cursor %q of tenant %s: %v", cursor, tenant, err)
	}
	for _, e := range m.events[tenant] {
		ec := e.Cursor
		later := ec.Position > c.Position || (ec.Position == c.Position && ec.Delivered > c.Delivered)
		if line := e.seen(w); line != "" && later && (admit == nil || admit(e.Name)) {
			names = append(names, line)
		}
	}
	return names
}

// client is a session of the model test, and what it did.
type client struct {
	conn    *conn
	session *session.Session
	admit   func(string) bool
	wish
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
		want := m.after(t, tenant, s.from, c.wish, c.admit)
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
			b.history.audience = feed.Audience{Column: "reader", Type: "text"}
			runModel(rt, tb, b)
		})
		if stopped != nil {
			panic(stopped)
		}
	})
}

func runModel(t *rapid.T, tb testing.TB, b *bundle) {
	m := &model{events: map[string][]event{}}
	tenants := []string{"T", "U"}
	var clients []*client
	known := map[string][]string{} // cursors that some client has had
	open := func(t *rapid.T) *client {
		c := &client{conn: newConn(unlimited), cursors: map[string]string{}}
		c.wish = wish{rapid.IntRange(0, 2).Draw(t, "wanted"), rapid.SampledFrom([]string{"", "ann", "bob"}).Draw(t, "subject")}
		c.conn.slowOnly = rapid.Bool().Draw(t, "slow only")
		if rapid.Bool().Draw(t, "filter") {
			c.admit = func(name string) bool { return name == "e1" || name == "2:updated" || name == "stats" }
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
	reader := rapid.SampledFrom([]string{"", "", "ann", "bob", "eve"})
	t.Repeat(map[string]func(*rapid.T){
		"publish": func(t *rapid.T) {
			n := rapid.IntRange(1, 12).Draw(t, "n")
			batch := make([]feed.Change, n)
			for i := range batch {
				data := strings.Repeat("x", rapid.SampledFrom([]int{0, 3, 300}).Draw(t, "size"))
				was := content{rapid.IntRange(0, 3).Draw(t, "was"), reader.Draw(t, "old reader")}
				is := content{rapid.IntRange(1, 3).Draw(t, "is"), reader.Draw(t, "reader")}
				before := ""
				if was.number > 0 {
					before = write(was, "was")
				}
				batch[i] = b.history.sealRow(tenant.Draw(t, "tenant"), rapid.IntRange(0, 3).Draw(t, "events"),
					rapid.Bool().Draw(t, "dashboard"), before, write(is, data))
				m.add(&batch[i], was, is)
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
			if err := c.session.Join(session.Request{Tenant: tenant.Draw(t, "tenant"), Admit: c.admit, Subjects: subjects(c.subject), See: see(viewOf(t, c.wanted))}); err != nil {
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
			q := session.Request{Tenant: name, Admit: c.admit, Subjects: subjects(c.subject), See: see(viewOf(t, c.wanted)), Cursor: rapid.SampledFrom(cursors).Draw(t, "cursor")}
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
		"rules": func(*rapid.T) { b.Rules() },
		"resync": func(t *rapid.T) {
			// The publisher skips a change and the hub finds out.
			c := b.history.seal("U", 1, false, write(content{number: 1}, "skipped"))
			m.add(&c, content{}, content{number: 1})
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
		c := b.history.seal(name, 1, true, write(content{number: 1}, "last"))
		m.add(&c, content{}, content{number: 1})
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
