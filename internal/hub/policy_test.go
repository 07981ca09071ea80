package hub_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/rule"
)

// failed counts conditions that failed.
type failed struct{ atomic.Int64 }

func (f *failed) RuleFailed(string, string) { f.Add(1) }
func (f *failed) EventFailed(string)        { f.Add(1) }

// policyOf is that of a file, for the table of changes with one event.
func policyOf(t fatal, file string, counter policy.Counter) *policy.Policy {
	t.Helper()
	d, err := policy.Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	tables := []policy.Table{{ID: 0, Stem: "1", Key: []string{"n"}, Columns: []policy.Column{
		{Name: "n", Type: "integer", Kind: rule.Int, NotNull: true}, {Name: "reader", Type: "text", Kind: rule.Text}, {Name: "rest", Type: "text", Kind: rule.Text},
	}}}
	stored, err := policy.Resolve(d, tables)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(stored, tables, counter)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sees is what roles see by a policy.
func sees(t fatal, p *policy.Policy, wish *view.View, roles ...string) func() (*view.View, *session.Refused) {
	return func() (*view.View, *session.Refused) {
		viewer, err := p.Viewer("T", roles, nil)
		if err != nil {
			t.Fatal(err)
		}
		return wish.For(viewer), nil
	}
}

// TestRolesDecideOnce: conditions of roles are asked once for each role, however many
// clients and encoders there are. Each of these fails, which is counted.
func TestRolesDecideOnce(t *testing.T) {
	t.Parallel()
	bubble(t, nil, func(t *testing.T, b *bundle) {
		const clients, roles, changes = 1000, 3, 5
		var asked failed
		file := "tables: {'1': {roles: {"
		for i := range roles {
			file += fmt.Sprintf("r%d: {rows: int(row.rest) == %d}, ", i, i)
		}
		p := policyOf(t, file+"}}}", &asked)
		conns := make([]*conn, clients)
		for i := range conns {
			conns[i] = newConn(unlimited)
			q := session.Request{Tenant: "T", See: sees(t, p, nil, fmt.Sprintf("r%d", i%roles))}
			if i/roles%2 == 0 {
				q.Encoder = signal.Encoder(encoder{"other"})
			}
			if err := b.open(t, conns[i]).Join(q); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for range changes {
			c := b.history.seal("T", 1, false, write(content{number: 3}, "x"))
			b.Publish([]feed.Change{c}, b.history.sequence)
		}
		synctest.Wait()
		if n := asked.Load(); n != roles*changes {
			t.Errorf("conditions were asked %d times, want %d", n, roles*changes)
		}
		if stats := b.Stats(); stats.Decisions != roles*changes || stats.Hidden != 2*roles*changes || stats.Filtered != 0 {
			t.Errorf("%d decisions, %d events were hidden, %d filtered; want %d, %d and none", stats.Decisions, stats.Hidden, stats.Filtered, roles*changes, 2*roles*changes)
		}
	})
}

// TestHolesOfTheServer: a client learns of what it has not asked for within 10 s, and of
// what is withheld from it with the next message that comes anyway, or after a minute.
func TestHolesOfTheServer(t *testing.T) {
	t.Parallel()
	bubble(t, func(o *room.Options) { o.PingInterval = time.Hour }, func(t *testing.T, b *bundle) {
		p := policyOf(t, "tables: {'1': {roles: {some: {rows: row.n == 1}}}}", new(failed))
		hidden, filtered := newConn(unlimited), newConn(unlimited)
		b.join(t, hidden, session.Request{Tenant: "T", See: sees(t, p, nil, "some")})
		b.join(t, filtered, session.Request{Tenant: "T", See: sees(t, p, viewOf(t, 1), "some")})
		time.Sleep(time.Minute)
		c := b.history.seal("T", 1, false, write(content{number: 3}, "x"))
		b.Publish([]feed.Change{c}, b.history.sequence)
		synctest.Wait()
		count := func(c *conn) int { return strings.Count(c.text(), "progress|") }
		idle := count(hidden)
		time.Sleep(11 * time.Second)
		if h, f := count(hidden)-idle, count(filtered); h != 0 || f != idle+1 {
			t.Errorf("within 10 s %d and %d messages of progress, want none and one", h, f-idle)
		}
		time.Sleep(time.Minute)
		if h := count(hidden) - idle; h != 1 {
			t.Errorf("within a minute %d messages of progress, want one", h)
		}
	})
}
