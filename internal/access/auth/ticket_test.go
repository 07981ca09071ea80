package auth_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/access/auth"
)

func person(name string) auth.Identity {
	return auth.Identity{Subject: name, Tenants: []string{"T"}, Expires: time.Now().Add(time.Hour)}
}

func TestTicketIsGoodOnce(t *testing.T) {
	t.Parallel()
	var tickets auth.Tickets
	if _, ok := tickets.Redeem(""); ok {
		t.Error("an empty ticket is good before any was issued")
	}
	ada, eve := person("ada"), person("eve")
	first, lasts, err := tickets.Issue(ada)
	if err != nil || lasts != 30*time.Second || len(first) < 26 {
		t.Fatalf("ticket %q, lasts %v, error %v", first, lasts, err)
	}
	second, _, err := tickets.Issue(eve)
	if err != nil || second == first {
		t.Fatalf("ticket %q, error %v", second, err)
	}
	for _, wrong := range []string{"", "x", first[1:], first + "A", first[:len(first)-1]} {
		if id, ok := tickets.Redeem(wrong); ok {
			t.Errorf("%q gives %+v", wrong, id)
		}
	}
	if id, ok := tickets.Redeem(second); !ok || !cmp.Equal(id, eve) {
		t.Errorf("second ticket gives %+v, %t", id, ok)
	}

	// Of many that try at once, one gets in.
	var wins atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if id, ok := tickets.Redeem(first); ok && cmp.Equal(id, ada) {
				wins.Add(1)
			}
		})
	}
	wg.Wait()
	if n := wins.Load(); n != 1 {
		t.Errorf("the ticket was good %d times", n)
	}
}

func TestTicketLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tickets auth.Tickets
		issue := func(id auth.Identity) string {
			ticket, _, err := tickets.Issue(id)
			if err != nil {
				t.Fatal(err)
			}
			return ticket
		}
		early, late := issue(person("ada")), issue(person("ada"))
		time.Sleep(auth.TicketLife - time.Nanosecond)
		if _, ok := tickets.Redeem(early); !ok {
			t.Error("refused before thirty seconds have passed")
		}
		time.Sleep(time.Nanosecond)
		if _, ok := tickets.Redeem(late); ok {
			t.Error("good after thirty seconds")
		}

		short := person("ada")
		short.Expires = time.Now().Add(5 * time.Second)
		ticket, lasts, err := tickets.Issue(short)
		if err != nil || lasts != 5*time.Second {
			t.Errorf("lasts %v, error %v; want 5s", lasts, err)
		}
		time.Sleep(5 * time.Second)
		if _, ok := tickets.Redeem(ticket); ok {
			t.Error("good after its identity has ended")
		}
		if _, _, err := tickets.Issue(short); !errors.Is(err, auth.ErrExpired) {
			t.Errorf("ticket for an identity that has ended: %v", err)
		}
	})
}

// The number of waiting tickets is bounded, for one subject and for all, and
// redeeming or waiting makes room again.
func TestTicketsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tickets auth.Tickets
		fill := func(subject string) (issued []string) {
			for {
				ticket, _, err := tickets.Issue(person(subject))
				if errors.Is(err, auth.ErrTooManyTickets) {
					return issued
				}
				if err != nil {
					t.Fatal(err)
				}
				issued = append(issued, ticket)
			}
		}
		mine := fill("eve")
		if len(mine) != 100 {
			t.Errorf("one subject got %d tickets", len(mine))
		}
		if _, ok := tickets.Redeem(mine[50]); !ok {
			t.Error("a waiting ticket is refused")
		}
		if again := fill("eve"); len(again) != 1 {
			t.Errorf("redeeming one made room for %d", len(again))
		}
		all := mine
		for i := range 100 {
			all = append(all, fill(fmt.Sprint("s", i))...)
		}
		for i := range 200 { // a newcomer gets a ticket all the same
			if len(fill(fmt.Sprint("new", i))) == 0 {
				t.Fatalf("newcomer %d gets no ticket", i)
			}
		}
		good := 0
		for _, ticket := range all {
			if _, ok := tickets.Redeem(ticket); ok {
				good++
			}
		}
		if good == 0 || good > 10_000-200 {
			t.Errorf("of the first %d tickets %d are good", len(all), good)
		}
		time.Sleep(auth.TicketLife)
		if n := len(fill("eve")); n != 100 {
			t.Errorf("after thirty seconds there is room for %d", n)
		}
	})
}

// TestTicketsAreShared: a tenant whose subjects ask for as many as there are keeps
// none from another tenant, nor from a subject of its own, and these keep theirs.
func TestTicketsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tickets auth.Tickets
		flood := func() {
			for i := range 120 {
				for range 100 {
					_, _, err := tickets.Issue(person(fmt.Sprint("mallory", i)))
					if err != nil && !errors.Is(err, auth.ErrTooManyTickets) {
						t.Fatal(err)
					}
				}
			}
		}
		var issued []string
		for _, id := range []auth.Identity{
			person("ann"), {Subject: "bob", Tenants: []string{"U"}, Expires: time.Now().Add(time.Hour)}, {Subject: "nobody", Expires: time.Now().Add(time.Hour)},
		} {
			flood()
			for range 20 {
				ticket, _, err := tickets.Issue(id)
				if err != nil {
					t.Fatalf("%s gets no ticket: %v", id.Subject, err)
				}
				issued = append(issued, ticket)
			}
		}
		flood()
		for i, ticket := range issued {
			if _, ok := tickets.Redeem(ticket); !ok {
				t.Errorf("ticket %d was thrown out", i)
			}
		}
	})
}

// TestTicketsWithoutSubject: one token without a subject does not use up the tickets
// of others.
func TestTicketsWithoutSubject(t *testing.T) {
	t.Parallel()
	var tickets auth.Tickets
	greedy, other := person(""), person("")
	other.Tenants = []string{"U"}
	for {
		if _, _, err := tickets.Issue(greedy); err != nil {
			break
		}
	}
	text, _, err := tickets.Issue(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := tickets.Redeem(text); !ok {
		t.Error("the ticket is not good")
	}
}
