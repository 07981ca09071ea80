package limit_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/access/limit"
)

func isMine(t *limit.Turn) bool {
	select {
	case <-t.Mine():
		return true
	default:
		return false
	}
}

// queue is a queue under test with what its users know of it.
type queue struct {
	turns         *limit.Turns
	held, waiting []*asked
}

// asked is a turn with who asked for it, and how often others had theirs since: by
// tenant, and by subject of its own tenant.
type asked struct {
	*limit.Turn
	limit.Party
	tenants, subjects map[string]int
}

// granted moves what was granted since the last time from the waiting to the held.
func (q *queue) granted() (granted []*asked) {
	waiting := q.waiting[:0:0]
	for _, a := range q.waiting {
		if isMine(a.Turn) {
			granted = append(granted, a)
		} else {
			waiting = append(waiting, a)
		}
	}
	q.waiting = waiting
	q.held = append(q.held, granted...)
	return granted
}

func (q *queue) count(list []*asked, party limit.Party) (subject, tenant int) {
	for _, a := range list {
		if a.Tenant == party.Tenant {
			if tenant++; a.Subject == party.Subject {
				subject++
			}
		}
	}
	return subject, tenant
}

func draw(t *rapid.T) limit.Party {
	return limit.Party{Tenant: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "tenant"), Subject: rapid.SampledFrom([]string{"x", "y", ""}).Draw(t, "subject")}
}

// leave gives one of a list back.
func leave(t *rapid.T, list []*asked) (rest []*asked) {
	i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
	list[i].Leave()
	list[i].Leave() // once is all that counts
	return append(list[:i:i], list[i+1:]...)
}

// TestTurnsAreFair: whoever floods the queue, between two turns of a tenant that
// waits each other one has at most one, and so have the subjects of the tenant.
func TestTurnsAreFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := queue{turns: limit.NewTurns(limit.Bounds{All: rapid.IntRange(1, 3).Draw(t, "turns")}, limit.Bounds{})}
		defer q.end(t)
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			if len(q.held) > 0 && rapid.IntRange(0, 2).Draw(t, "give back") == 0 {
				q.held = leave(t, q.held)
			} else {
				party := draw(t)
				turn, err := q.turns.Ask(party)
				if err != nil {
					t.Fatal(err)
				}
				q.waiting = append(q.waiting, &asked{turn, party, map[string]int{}, map[string]int{}})
			}
			for _, g := range q.granted() {
				q.check(t, g)
			}
		}
	})
}

// check looks at who was passed by when g had its turn.
func (q *queue) check(t *rapid.T, g *asked) {
	for _, w := range q.waiting {
		switch {
		case w.Party == g.Party:
			clear(w.subjects)
			clear(w.tenants)
		case w.Tenant == g.Tenant:
			w.subjects[g.Subject]++
			clear(w.tenants)
		default:
			w.tenants[g.Tenant]++
		}
		if w.tenants[g.Tenant] > 1 || w.subjects[g.Subject] > 1 {
			t.Fatalf("%+v waits while others have turns: %v, %v", w.Party, w.tenants, w.subjects)
		}
	}
}

// end gives everything back.
func (q *queue) end(t *rapid.T) {
	for len(q.held)+len(q.waiting) > 0 {
		for _, a := range q.held {
			a.Leave()
		}
		q.held = nil
		if len(q.granted()) == 0 && len(q.waiting) > 0 {
			t.Fatalf("%d wait, nobody has a turn, and none is given", len(q.waiting))
		}
	}
	if q.turns.Keys() != 0 || q.turns.Waiting() != 0 {
		t.Fatalf("%d tenants and %d that wait are left", q.turns.Keys(), q.turns.Waiting())
	}
}

// TestTurnsAreBounded: turns are given whenever they may be, and never more.
func TestTurnsAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bounds := func(name string) limit.Bounds {
			n := rapid.IntRange(0, 4)
			return limit.Bounds{Subject: n.Draw(t, name+" of a subject"), Tenant: n.Draw(t, name+" of a tenant"), All: n.Draw(t, name+" of all")}
		}
		holds, waits := bounds("turns"), bounds("waiting")
		fits := func(b limit.Bounds, subject, tenant, all int) bool {
			return (b.Subject == 0 || subject < b.Subject) && (b.Tenant == 0 || tenant < b.Tenant) && (b.All == 0 || all < b.All)
		}
		q := queue{turns: limit.NewTurns(holds, waits)}
		defer q.end(t)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 4).Draw(t, "step"); {
			case step == 0 && len(q.held) > 0:
				q.held = leave(t, q.held)
			case step == 1 && len(q.waiting) > 0: // gives up
				q.waiting = leave(t, q.waiting)
			default:
				party := draw(t)
				subject, tenant := q.count(q.held, party)
				free := fits(holds, subject, tenant, len(q.held))
				subject, tenant = q.count(q.waiting, party)
				room := fits(waits, subject, tenant, len(q.waiting))
				turn, err := q.turns.Ask(party)
				switch {
				case (err == nil) != (free || room):
					t.Fatalf("%+v: free %t, room %t, answer %v", party, free, room, err)
				case errors.Is(err, limit.ErrOwnShare) != (err != nil && !fits(waits, subject, tenant, 0)):
					t.Fatalf("%+v with %d and %d waiting: %v", party, subject, tenant, err)
				case err == nil && isMine(turn) != free:
					t.Fatalf("%+v: free %t, given %t", party, free, isMine(turn))
				case err == nil:
					q.waiting = append(q.waiting, &asked{Turn: turn, Party: party})
				}
			}
			q.granted()
			if q.turns.Waiting() != len(q.waiting) || holds.All > 0 && len(q.held) > holds.All {
				t.Fatalf("%d held, %d wait, %d of them known", len(q.held), len(q.waiting), q.turns.Waiting())
			}
			for _, w := range q.waiting {
				if subject, tenant := q.count(q.held, w.Party); fits(holds, subject, tenant, len(q.held)) {
					t.Fatalf("%+v waits although it may have a turn", w.Party)
				}
			}
		}
	})
}

// TestTurnsInOrder: a subject has its turns in the order in which it asked, and a
// crowd that asks, waits and gives up at once leaves nothing behind.
func TestTurnsInOrder(t *testing.T) {
	t.Parallel()
	q := limit.NewTurns(limit.Bounds{All: 1}, limit.Bounds{})
	var asked []*limit.Turn
	for range 20 {
		turn, err := q.Ask(limit.Party{Tenant: "A"})
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, turn)
	}
	for i, turn := range asked {
		if !isMine(turn) || i+1 < len(asked) && isMine(asked[i+1]) {
			t.Fatalf("turn %d is not the next", i)
		}
		turn.Leave()
	}
	holds := make(chan struct{}, 2)
	q = limit.NewTurns(limit.Bounds{All: cap(holds)}, limit.Bounds{})
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for k := range 200 {
				turn, err := q.Ask(limit.Party{Tenant: fmt.Sprint(n % 3), Subject: fmt.Sprint(n % 5)})
				if err != nil {
					t.Error(err)
					return
				}
				if k%3 > 0 {
					<-turn.Mine()
					select {
					case holds <- struct{}{}:
						<-holds
					default:
						t.Error("too many turns are held")
					}
				}
				turn.Leave()
			}
		})
	}
	wg.Wait()
	if q.Keys() != 0 || q.Waiting() != 0 {
		t.Errorf("%d tenants and %d that wait are left", q.Keys(), q.Waiting())
	}
}
