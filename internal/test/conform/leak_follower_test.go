package conform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"rowcast/internal/test/raw"
)

// follower is a client of a viewer.
type follower struct {
	*client
	v    *viewer
	wire wire
	// server is the number of the one that it is on.
	server int
	bytes  *transcript
	// got are the events and resets that it has heard.
	got []message
	// reset: it has to be told that its cursor is of another view, before anything else.
	reset bool
	// prefix is what comes first, from is the change from which on the rest comes.
	prefix []string
	from   int
	// about says how it came to follow.
	about string
	// claims are those of its token that the server keeps.
	claims []string
}

// transcript keeps what connections received.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *transcript) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &overheard{conn, w}, nil
}

var _ raw.DialFunc = (*transcript)(nil).dial

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// overheard is a connection whose bytes are kept.
type overheard struct {
	net.Conn
	by *transcript
}

func (c *overheard) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.by.mu.Lock()
	defer c.by.mu.Unlock()
	c.by.text.Write(p[:n])
	return n, err
}

// NetConn is the connection itself, to be reset.
func (c *overheard) NetConn() net.Conn { return c.Conn }

// hear takes messages until a row of the fence, or the first reset.
func (f *follower) hear(fence int) error {
	for {
		m, err := f.next()
		if err != nil {
			return fmt.Errorf("waiting for fence %d: %w; heard at last %.500s", fence, err, f.heard[len(f.heard)-1])
		}
		f.note(m)
		switch {
		case m.Type == "reset":
			f.got = append(f.got, m)
			if fence == 0 {
				return nil
			}
		case m.Type != "event":
		case m.Event == "dashboard:stats-updated":
			f.got = append(f.got, m)
		case m.Event == "fence:created":
			var row struct{ ID int }
			if err := json.Unmarshal(m.Data, &row); err != nil {
				return err
			}
			if row.ID == fence {
				return nil
			}
		default:
			f.got = append(f.got, m)
		}
	}
}

// words are the event, with its position if that is known.
func (m message) words(at bool) string {
	if m.Type == "reset" {
		return "reset " + m.Reason
	}
	e := rowEvent{Event: m.Event, Match: m.Match, Data: plain(m.Data), Changed: slices.Clone(m.Changed), From: m.From}
	if len(m.Changed) > 0 {
		e.Previous, _ = plain(m.Previous).(map[string]any)
	}
	if (len(m.Changed) == 0 && m.Previous != nil && string(m.Previous) != "{}") || m.Match != "" && m.Changed != nil {
		e.Match += " with changes " + string(m.Previous) // there is no such event
	}
	if at {
		e.At = m.Position
	}
	return e.String()
}

// changesOf are the events that are of changes.
func changesOf(all []message) (kept []message) {
	for _, m := range all {
		if m.Event != "dashboard:stats-updated" {
			kept = append(kept, m)
		}
	}
	return kept
}

// compare finds what differs between what was received and what the reference says.
func compare(got []message, prefix []string, want []expected) error {
	wrong := func(what string, i int, line string) error {
		var b strings.Builder
		for _, m := range got[max(0, i-2):min(len(got), i+3)] {
			fmt.Fprintf(&b, "  %s\n", m.words(true))
		}
		return fmt.Errorf("event %d %s:\n  %s\nreceived about there:\n%s", i, what, line, &b)
	}
	last := int64(0)
	for i, m := range got {
		if m.Position < last && m.Type == "event" {
			return wrong("goes back", i, m.words(true))
		}
		last = m.Position
	}
	for i, line := range prefix {
		if i >= len(got) || got[i].words(true) != line {
			return wrong("should be", i, line)
		}
	}
	at := len(prefix)
	for i := 0; i < len(want); {
		n := 1
		for i+n < len(want) && want[i+n].group == want[i].group {
			n++
		}
		if at+n > len(got) {
			return wrong("is missing", len(got), want[i+len(got)-at].text)
		}
		var lines, said []string
		for k := range n {
			lines, said = append(lines, want[i+k].text), append(said, got[at+k].words(want[i+k].at))
		}
		if !want[i].at { // rows of one statement come in any order
			slices.Sort(lines)
			slices.Sort(said)
		}
		for k := range n {
			if lines[k] != said[k] {
				return wrong("should be", at+k, lines[k]+"\nand not\n  "+said[k])
			}
		}
		i, at = i+n, at+n
	}
	if at < len(got) {
		return wrong("should not come", at, got[at].words(true))
	}
	return nil
}

// marks are by what something that is withheld is found.
var marks = regexp.MustCompile(`cnry[0-9a-f]{16}|[0-9]{15,}|col_[a-z]+|withheld_[0-9a-f]+`)

// leaked finds in bytes what none of these texts says.
func leaked(received string, canaries map[string]bool, texts []string) error {
	said := map[string]bool{}
	for _, text := range texts {
		for _, word := range marks.FindAllString(text, -1) {
			said[word] = true
		}
	}
	found := map[string]int{}
	for _, at := range marks.FindAllStringIndex(received, -1) {
		word := received[at[0]:at[1]]
		secret := canaries[word] || strings.HasPrefix(word, "col_") || strings.HasPrefix(word, "withheld_") && len(texts) == 0
		if secret && !said[word] {
			found[word] = at[0]
		}
	}
	for _, word := range slices.Sorted(maps.Keys(found)) {
		at := found[word]
		return fmt.Errorf("%s is in what was received: %s", word, received[max(0, at-300):min(len(received), at+100)])
	}
	return nil
}

// follow has a viewer join.
func (r *round) follow(t *testing.T, w wire, server int, v *viewer, cursor, about string) (*follower, error) {
	t.Helper()
	l := &line{wire: w, shared: r.shared, Tenant: r.of}
	f := &follower{v: v, wire: w, server: server, bytes: &transcript{}, from: len(r.changes), about: about, claims: r.rules.claims(r.table, v)}
	var err error
	f.client, err = l.tryJoin(t, r.servers[server], func(q *request) {
		q.token, q.cursor, q.events, q.network = v.token(t, r.tenant), cursor, v.events, f.bytes.dial
		if v.wish != nil {
			q.where = json.RawMessage(v.wish.json)
		}
	})
	return f, err
}

func (f *follower) String() string {
	return fmt.Sprintf("%s on server %d by %s, %s", f.v, f.server, f.wire.name, f.about)
}
