package conform_test

import (
	"testing"

	"rowcast/internal/test/pgtest"
)

// TestOutage takes the database away from the servers, but not from a writer.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	var clients []*client
	var lines []*line
	for _, w := range wires {
		l := &line{wire: w, shared: s, Tenant: s.NewTenant(t)}
		f := l.join(t, l.servers()[0])
		l.Exec(t, insertOrder)
		f.receives(t, "order:created@1")
		clients, lines = append(clients, f), append(lines, l)
	}
	name := s.DB.Config().ConnConfig.Database
	pgtest.Admin(t, pgtest.Server(t), "alter database "+name+" allow_connections false",
		"select pg_terminate_backend(pid) from pg_stat_activity where datname = '"+name+"' and application_name <> 'writer'")
	for i, f := range clients {
		if m := f.until(t, lines[i].name+" to be told", func(m message) bool { return !change(m) && m.Event == "" }); m.Type != "stale" {
			t.Errorf("%s is told %+v; want stale", lines[i].name, m)
		}
		lines[i].Exec(t, raiseTotal)
	}
	pgtest.Admin(t, pgtest.Server(t), "alter database "+name+" allow_connections true")
	for i, f := range clients {
		sent := false
		f.until(t, lines[i].name+" to be told that it is over", func(m message) bool {
			sent = sent || m.String() == "order:updated@2"
			return m.Type == "progress" && m.Position == 2
		})
		if !sent {
			t.Errorf("%s has not received what was committed meanwhile", lines[i].name)
		}
	}
}
