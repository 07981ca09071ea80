package auth

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

const (
	// TicketLife is how long a ticket can be redeemed.
	TicketLife = 30 * time.Second
	// maxTickets bounds the tickets that wait to be redeemed.
	maxTickets = 10_000
	// maxSubjectTickets bounds those of one subject, so that one cannot use up
	// the tickets of all. Tokens without a subject count by their id and tenants.
	maxSubjectTickets = 100
)

// ErrTooManyTickets: the subject, or everybody together, has too many tickets that
// were not redeemed. It passes within TicketLife.
var ErrTooManyTickets = errors.New("too many unused tickets")

// Tickets hands out short-lived secrets that stand for an identity where no header
// can be set, as in the URL of an EventSource. The zero value is ready to use, and
// safe for concurrent use. Tickets are kept in memory: a restart forgets them.
type Tickets struct {
	mu sync.Mutex
	// waiting has the tickets by the hash of their text, so that the time a
	// lookup takes tells nothing about a ticket.
	waiting map[[sha256.Size]byte]*list.Element
	// oldest has the same tickets, oldest first.
	oldest list.List
	// held counts the tickets of each party.
	held map[string]int
}

type ticket struct {
	hash     [sha256.Size]byte
	identity Identity
	ends     time.Time
}

// Issue makes a ticket for the identity and says how long it lasts: TicketLife, or
// less when the identity ends before. The error is ErrTooManyTickets or, for an
// identity that has ended, ErrExpired.
func (t *Tickets) Issue(id Identity) (text string, expiresIn time.Duration, err error) {
	now := time.Now()
	expiresIn = min(TicketLife, id.Expires.Sub(now))
	if expiresIn <= 0 {
		return "", 0, Refuse(ErrExpired, nil)
	}
	text = rand.Text()

	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = map[[sha256.Size]byte]*list.Element{}
		t.held = map[string]int{}
	}
	t.sweepLocked(now)
	if len(t.waiting) >= maxTickets || t.held[id.party()] >= maxSubjectTickets {
		return "", 0, ErrTooManyTickets
	}
	hash := sha256.Sum256([]byte(text))
	t.waiting[hash] = t.oldest.PushBack(&ticket{hash: hash, identity: id, ends: now.Add(expiresIn)})
	t.held[id.party()]++
	return text, expiresIn, nil
}

// Redeem gives the identity of a ticket, once.
func (t *Tickets) Redeem(text string) (Identity, bool) {
	now := time.Now()
	hash := sha256.Sum256([]byte(text))

	t.mu.Lock()
	defer t.mu.Unlock()
	element, ok := t.waiting[hash]
	if !ok {
		return Identity{}, false
	}
	found := t.removeLocked(element)
	if !now.Before(found.ends) {
		return Identity{}, false
	}
	return found.identity, true
}

// sweepLocked drops tickets that ended. One that ends early with its identity may
// wait for those issued before it, at most TicketLife.
func (t *Tickets) sweepLocked(now time.Time) {
	for e := t.oldest.Front(); e != nil && !now.Before(e.Value.(*ticket).ends); e = t.oldest.Front() {
		t.removeLocked(e)
	}
}

func (t *Tickets) removeLocked(e *list.Element) *ticket {
	removed := t.oldest.Remove(e).(*ticket)
	delete(t.waiting, removed.hash)
	party := removed.identity.party()
	if t.held[party]--; t.held[party] == 0 {
		delete(t.held, party)
	}
	return removed
}
