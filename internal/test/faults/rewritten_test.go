package faults_test

import (
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"

	"rowcast/internal/test/work"
)

// past is a way to have a database lose what was committed last.
type past interface {
	// keep notes the history as it is now. Nobody may be writing.
	keep(t *testing.T, s *database)
	// restore puts that history in the place of what came after it. The server
	// has the address that it had.
	restore(t *testing.T, s *database)
}

// Whatever the restored history has come to when servers see it again.
var rewritings = map[string]func(t *testing.T, r *rewriting){
	// They find it where it was kept; it goes past the old positions later.
	"behind": func(t *testing.T, r *rewriting) {
		t.Helper()
		r.past.restore(t, r.database)
		r.resets(t, r.kept)
		r.writeAnew(t)
		for _, v := range r.joined {
			v.receive(t, r.anew)
		}
	},
	// They were frozen, and find other changes at all sequences that they know.
	"beyond": func(t *testing.T, r *rewriting) {
		t.Helper()
		for _, s := range r.servers {
			s.Signal(t, syscall.SIGSTOP)
		}
		r.past.restore(t, r.database)
		r.writeAnew(t)
		r.database.exec(t, "select rowcast.seal()")
		for _, s := range r.servers {
			s.Signal(t, syscall.SIGCONT)
		}
		r.resets(t, r.kept+int64(len(r.anew)))
	},
}

// TestRestoredDataDirectory puts an older copy of the data directory in place
// while the servers run.
func TestRestoredDataDirectory(t *testing.T) {
	t.Parallel()
	for name, rewrite := range rewritings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loseHistory(t, new(copied), rewrite)
		})
	}
}

// TestPromotedStandby promotes a standby that has not received everything, and
// has it take over while the servers run.
func TestPromotedStandby(t *testing.T) {
	t.Parallel()
	for name, rewrite := range rewritings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loseHistory(t, new(standby), rewrite)
		})
	}
}

// rewriting is a history that is lost after its clients have received it.
type rewriting struct {
	database *database
	servers  []*server
	past     past
	// kept is the position of the tenant in the history that is kept.
	kept int64
	// joined are clients that have received everything.
	joined []*connection
	// anew are the events that the restored history has more than the kept one.
	anew []string
}

// loseHistory shows that every client that received what the database has lost
// is told to reload, that all others miss nothing, and that after that
// everybody receives what happens.
func loseHistory(t *testing.T, p past, rewrite func(t *testing.T, r *rewriting)) {
	t.Helper()
	const rows = 5
	s := newDatabase(t, nil)
	r := &rewriting{database: s, past: p, servers: []*server{s.serve(t), s.serve(t)}}
	first := s.visit(t, r.servers[0], "")
	older := s.write(t, "hot", work.FirstNewRow, rows)
	cursors := first.receive(t, older)
	r.kept = first.position
	p.keep(t, s)

	// What is going to be lost. The number that table lost has among those
	// that are watched goes to another one later.
	s.exec(t, "create table lost (id int primary key, tenant_id text not null)", "select rowcast.watch('lost', name => 'lost')")
	lost := append(s.write(t, "hot", work.FirstNewRow+rows, rows), s.write(t, "lost", 1, 1)...)
	_ = first.feed.Close()
	first = s.visit(t, r.servers[0], first.cursor)
	lostCursors := first.receive(t, lost)
	second := s.visit(t, r.servers[1], cursors[0]) // reads the history
	second.receive(t, slices.Concat(older[1:], lost))
	r.joined = []*connection{first, second}

	rewrite(t, r)
	head := r.kept + int64(len(r.anew))
	live := s.write(t, "hot", work.FirstNewRow+100, rows)
	for _, v := range r.joined {
		v.receive(t, live)
	}
	for n, server := range r.servers {
		for i, cursor := range lostCursors {
			v := s.visit(t, server, cursor)
			v.reset(t, head+rows)
			if i == n { // one may do
				again := s.write(t, "hot", work.FirstNewRow+200+10*n, 1)
				for _, c := range append(r.joined, v) { // on both servers, so that both know the head
					c.receive(t, again)
				}
				live, head = append(live, again...), head+1
			}
		}
		for i, cursor := range cursors {
			v := s.visit(t, server, cursor)
			v.receive(t, slices.Concat(older[i+1:], r.anew, live))
		}
	}
}

// writeAnew goes past every position that was lost.
func (r *rewriting) writeAnew(t *testing.T) {
	t.Helper()
	r.database.exec(t, "create table found (id int primary key, tenant_id text not null)", "select rowcast.watch('found', name => 'found')")
	r.anew = append(r.database.write(t, "found", 1, 7), r.database.write(t, "hot", work.FirstNewRow+50, 7)...)
}

// resets waits until the servers are back and every client that is joined was
// told to reload, with nothing before that, and continues from position.
func (r *rewriting) resets(t *testing.T, position int64) {
	t.Helper()
	for _, v := range r.joined {
		v.reset(t, position)
	}
	for _, s := range r.servers {
		s.ready(t, http.StatusOK, timeout)
	}
}

// write inserts rows of the tenant, each in a transaction of its own, and
// answers the events that they are.
func (s *database) write(t *testing.T, table string, id, count int) (events []string) {
	t.Helper()
	var statements []string
	for n := id; n < id+count; n++ {
		values := fmt.Sprintf("(id, tenant_id) values (%d, '%s')", n, tenants[0])
		if table == "hot" {
			values = fmt.Sprintf("(id, tenant_id, version) values (%d, '%s', 1)", n, tenants[0])
		}
		statements = append(statements, "insert into "+table+" "+values)
		events = append(events, fmt.Sprintf("%s:created %d", table, n))
	}
	s.exec(t, statements...)
	return events
}
