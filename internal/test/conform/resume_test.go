package conform_test

import (
	"slices"
	"testing"
)

// TestResume cuts a client off after each event in a row, and clients after
// any number of events, and lets each continue on the same server or another.
func TestResume(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		servers := l.servers()
		whole := l.join(t, servers[0])
		cursors := []string{whole.cursor}
		l.script(t)
		for i := range scripted {
			whole.receives(t, scripted[i])
			cursors = append(cursors, whole.cursor)
		}

		cursor := cursors[0]
		for i := range scripted {
			f := l.join(t, servers[i%2], from(cursor))
			f.receives(t, scripted[i])
			cursor = f.cursor
			f.cut()
		}

		var following []*client
		for i, cursor := range cursors {
			for _, server := range servers {
				f := l.join(t, server, from(cursor))
				f.receives(t, scripted[i:]...)
				following = append(following, f)
			}
		}
		// Nothing more but what comes next.
		l.Exec(t, insertOrder)
		for _, f := range following {
			f.receives(t, "order:created@1012")
		}
	})
}

// TestResumeWhileItGoesOn has a client break off again and again while others
// write.
func TestResumeWhileItGoesOn(t *testing.T) {
	t.Parallel()
	const commits = 60
	s := newShared(t)
	onEvery(t, s, slices.Concat(wires, recoveries), func(t *testing.T, l *line) {
		servers := l.servers()
		f := l.join(t, servers[0])
		written := make(chan struct{})
		go func() {
			defer close(written)
			for range commits {
				if _, err := s.DB.Exec(t.Context(), insertOrder, l.ID); err != nil {
					t.Error(err)
				}
			}
		}()
		defer func() { <-written }()
		var got []int64
		for n := 0; len(got) < commits; n++ {
			if n%3 == 2 {
				f.cut()
				f = l.join(t, servers[n%2], from(f.cursor))
			}
			got = append(got, f.events(t, 1)[0].Position)
		}
		for i, position := range got {
			if position != int64(i+1) {
				t.Fatalf("received the positions %v", got)
			}
		}
	})
}
