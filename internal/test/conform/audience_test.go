package conform_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// as has a client be a subject.
func as(t *testing.T, subject, tenant string) func(q *request) {
	return func(q *request) { q.token = tokenOf(t, subject, tenant) }
}

func tokenOf(t *testing.T, subject, tenant string) string {
	t.Helper()
	token, err := auth.Mint([]byte(servetest.Secret), auth.MintClaims{Subject: subject, Tenants: []string{tenant}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// note is a row of the table notes: for whom it is, and its secret.
type note struct {
	reader string // empty for everybody
	secret string
}

func (n note) isFor(subject string) bool { return n.reader == "" || n.reader == subject }

// notes writes to the table, one row a statement, and knows what each subject is to see.
type notes struct {
	*line
	random *rand.Rand
	rows   map[int]note
	last   int
	// seen are the events of each subject.
	seen map[string][]string
	// secrets are all there were, allowed those that a subject may have seen.
	secrets, allowed map[string]bool
}

// subjects are those of the clients. No row is for carol alone, and eve is no client.
var subjects = []string{"ann", "bob", "carol"}

// note notes what subjects see of a change from one row to another; nil is none.
func (n *notes) note(id int, old, now *note) {
	for _, s := range subjects {
		was, is := old != nil && old.isFor(s), now != nil && now.isFor(s)
		event := ""
		switch {
		case old == nil && is:
			event = "created"
		case now == nil && was:
			event = "deleted"
		case old == nil || now == nil || !was && !is:
		case was && is:
			event = "updated"
		case is:
			event = "updated entered"
		default:
			event = "updated left"
		}
		if event != "" {
			n.seen[s] = append(n.seen[s], fmt.Sprintf("note:%s %d", event, id))
		}
		for _, row := range []*note{old, now} {
			if row != nil {
				n.secrets[row.secret] = true
				n.allowed[s+row.secret] = n.allowed[s+row.secret] || row.isFor(s)
			}
		}
	}
}

// checkSecrets finds what a subject was never to see in what it received.
func (n *notes) checkSecrets(t *testing.T, subject, received string) {
	t.Helper()
	for secret := range n.secrets {
		if !n.allowed[subject+secret] && strings.Contains(received, secret) {
			t.Fatalf("%q received %s in %s", subject, secret, received)
		}
	}
}

func (n *notes) draw() note {
	return note{[]string{"", "ann", "bob", "eve"}[n.random.IntN(4)], fmt.Sprintf("secret-%x", n.random.Uint64())}
}

func literal(reader string) string {
	if reader == "" {
		return "null"
	}
	return "'" + reader + "'"
}

// write does something to a row.
func (n *notes) write(t *testing.T) {
	t.Helper()
	ids := make([]int, 0, len(n.rows))
	for id := range n.rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	do := n.random.IntN(5)
	if len(ids) == 0 {
		do = 0
	}
	if do < 2 {
		n.last++
		row := n.draw()
		n.rows[n.last] = row
		n.Exec(t, fmt.Sprintf(`insert into notes values (%d, $1, %s, '%s')`, n.last, literal(row.reader), row.secret))
		n.note(n.last, nil, &row)
		return
	}
	id := ids[n.random.IntN(len(ids))]
	old := n.rows[id]
	if do == 4 {
		delete(n.rows, id)
		n.Exec(t, fmt.Sprintf(`delete from notes where tenant_id = $1 and id = %d`, id))
		n.note(id, &old, nil)
		return
	}
	row := n.draw()
	if do == 3 {
		row.reader = old.reader
	}
	n.rows[id] = row
	n.Exec(t, fmt.Sprintf(`update notes set reader = %s, secret = '%s' where tenant_id = $1 and id = %d`, literal(row.reader), row.secret, id))
	n.note(id, &old, &row)
}

// brief is an event of the table, as notes has it.
func brief(m message) string {
	var row struct{ ID int }
	_ = json.Unmarshal(m.Data, &row)
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %d", m.Event, m.Match, row.ID)), " ")
}

// TestAudience: whatever is written to a table whose rows are for somebody, each subject
// gets what is for it, live, from every cursor and from the history, and not a byte of
// what was never for it.
func TestAudience(t *testing.T) {
	t.Parallel()
	const writes = 60
	s := newShared(t)
	pgtest.Exec(t, s.DB, `create table notes (id int, tenant_id uuid, reader text, secret text, primary key (tenant_id, id))`,
		`select rowcast.watch('notes', name => 'note', audience => 'reader')`)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		servers := l.servers()
		n := &notes{
			line: l, random: rand.New(rand.NewPCG(1, uint64(len(l.name)))), rows: map[int]note{}, //nolint:gosec // drawn, not secret
			seen: map[string][]string{}, secrets: map[string]bool{}, allowed: map[string]bool{},
		}
		live, cursors := map[string]*client{}, map[string][]string{}
		for i, subject := range subjects {
			live[subject] = l.join(t, servers[i%2], as(t, subject, l.ID))
			cursors[subject] = []string{live[subject].cursor}
			if !strings.Contains(live[subject].joined.raw, `"holes":true`) && !strings.HasPrefix(l.name, "recovery") {
				t.Errorf("%q is not told that there may be holes: %s", subject, live[subject].joined.raw)
			}
		}
		for range writes {
			n.write(t)
		}
		check := func(f *client, subject string, from int) {
			t.Helper()
			for i, want := range n.seen[subject][from:] {
				m := f.events(t, 1)[0]
				if got := brief(m); got != want {
					t.Fatalf("%q, event %d from %d: %s; want %s", subject, i, from, got, want)
				}
				if f == live[subject] {
					cursors[subject] = append(cursors[subject], f.cursor)
				}
			}
			n.checkSecrets(t, subject, strings.Join(f.heard, "\n"))
		}
		for _, subject := range subjects {
			check(live[subject], subject, 0)
		}
		for _, subject := range subjects {
			for i := 0; i < len(cursors[subject]); i += 3 {
				check(l.join(t, servers[i/3%2], as(t, subject, l.ID), from(cursors[subject][i])), subject, i)
			}
			if l.name != "ws" {
				continue
			}
			query := url.Values{"tenant": {l.ID}, "limit": {"1000"}, "after": {cursors[subject][0]}}
			body := getWith(t, servers[0], tokenOf(t, subject, l.ID), "/history?"+query.Encode())
			var page struct{ Events []message }
			if err := json.Unmarshal(body, &page); err != nil {
				t.Fatal(err)
			}
			got := make([]string, len(page.Events))
			for i, m := range page.Events {
				got[i] = brief(m)
			}
			if !slices.Equal(got, n.seen[subject]) {
				t.Errorf("history of %q:\n got %q\nwant %q", subject, got, n.seen[subject])
			}
			n.checkSecrets(t, subject, string(body))
		}
	})
}

// TestAudienceOfALargeStatement: a statement that would be one event comes row by row,
// to each subject what is for it, live and from a cursor.
func TestAudienceOfALargeStatement(t *testing.T) {
	t.Parallel()
	const rows = 2500
	s := newShared(t)
	pgtest.Exec(t, s.DB, `create table notes (id int, tenant_id uuid, reader text, primary key (tenant_id, id))`,
		`select rowcast.watch('notes', name => 'note', audience => 'reader')`)
	onEvery(t, s, wires[:2], func(t *testing.T, l *line) {
		servers := l.servers()
		live := l.join(t, servers[0], as(t, "ann", l.ID))
		begin := live.cursor
		l.Exec(t, fmt.Sprintf(`insert into notes select n, $1, case n %% 2 when 0 then 'ann' else 'bob' end from generate_series(1, %d) n`, rows),
			insertOrder, `insert into notes values (0, $1, null)`)
		late := l.join(t, servers[1], as(t, "ann", l.ID), from(begin))
		for _, f := range []*client{live, late} {
			for id := 2; id <= rows; id += 2 {
				if got, want := brief(f.events(t, 1)[0]), fmt.Sprintf("note:created %d", id); got != want {
					t.Fatalf("received %s, want %s", got, want)
				}
			}
			f.receives(t, fmt.Sprintf("order:created@%d", rows+1), fmt.Sprintf("note:created@%d", rows+2))
			if text := strings.Join(f.heard, "\n"); strings.Contains(text, "bob") {
				t.Errorf("a row of somebody else was received")
			}
		}
	})
}
