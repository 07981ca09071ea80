package conform_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
)

// closeTimeout is how long a server waits at least until a client that was given
// up has read why. Then it cuts it off.
const closeTimeout = 5 * time.Second

// TestSlowConsumer has one of two clients not read, until it is given up for
// taking nothing. It is told so if it then reads in time; that it is whenever it
// reads is for the tests of the transports.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	const most, size = 50, 8 << 10
	s := newShared(t)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		server := l.shared.serve(t, l.wire)
		reading := raw.NewValve()
		slow := l.join(t, server, func(q *request) { q.network = reading.Dial })
		quick := l.join(t, server)
		reading.Turn(false)
		t.Cleanup(func() { reading.Turn(true) })
		over := make(chan error, 1)
		go func() {
			for {
				m, err := slow.next()
				if err != nil {
					over <- err
					return
				}
				slow.note(m)
			}
		}()
		// The other has everything all the time.
		var asked time.Time // before it was given up
		for {
			now := time.Now()
			status := server.Status(t).Hub
			if status.Subscriptions < 2 {
				break
			}
			asked = now
			rows := int64(most)
			if status.Blocked > 0 {
				rows = 1 // what is written beside a client that takes nothing
			}
			l.Exec(t, fmt.Sprintf(`insert into orders (tenant_id, customer) select $1, repeat('x', %d) from generate_series(1, %d)`, size, rows))
			for want := quick.position + rows; quick.position < want; {
				last := quick.position
				if m := quick.events(t, 1)[0]; m.Position != last+1 {
					t.Fatalf("the quick client received %s after %d", m, last)
				}
			}
			if quick.position > 1<<15 {
				t.Fatalf("the slow client is not given up")
			}
		}
		reading.Turn(true)
		err := <-over
		e, closed := errors.AsType[*ended](err)
		_, refused := errors.AsType[*refusal](err)
		switch took := time.Since(asked); {
		case closed && (e.code == "slow-consumer" || l.mute):
		case closed || refused || took < closeTimeout:
			t.Fatalf("the slow client ends after %s with %v; want slow-consumer", took, err)
		default:
			t.Logf("cut off: this machine needs %s for what is before the farewell: %v", took, err)
		}
		if n := server.Status(t).Hub.Closes["slow-consumer"]; n != 1 {
			t.Errorf("the server has ended %d slow clients", n)
		}
		if slow.position >= quick.position {
			t.Fatalf("the slow client was not slow: it is at %d", slow.position)
		}
		l.catchUp(t, server, slow, quick.position)
	})
}

// catchUp has a client come back, as often as it is too slow for this machine,
// and receive everything up to a position.
func (l *line) catchUp(t *testing.T, server *servetest.Server, f *client, to int64) {
	t.Helper()
	for position := f.position; position < to; {
		f = l.join(t, server, from(f.cursor))
		for position < to {
			m, err := f.next()
			if _, slow := errors.AsType[*ended](err); slow {
				break
			}
			if err != nil {
				t.Fatalf("after %d: %v", position, err)
			}
			if f.note(m); !change(m) {
				continue
			}
			if position++; m.Position != position {
				t.Fatalf("received %s when it was back; want position %d", m, position)
			}
		}
		f.cut()
	}
}
