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
	// maxSubjectTickets bounds those of one subject. When there are as many as there
	// may be, the tenant with most of them makes room for others. Tokens without a
	// subject count by their id and tenants.
	maxSubjectTickets = 100
)

// ErrTooManyTickets: the subject, or everybody together and its tenant most of them,
// has too many tickets that were not redeemed. It passes within TicketLife.
var ErrTooManyTickets = errors.New("too many unused tickets")

// Tickets hands out short-lived secrets that stand for an identity where no header
// can be set, as in the URL of an EventSource. The zero value is ready to use, and
// safe for concurrent use. Tickets are kept in memory: a restart forgets them.
type Tickets struct {
	mu sync.Mutex
	// waiting has the tickets by the hash of their text, so that the time a lookup
	// takes shows nothing about a ticket.
	waiting map[[sha256.Size]byte]*list.Element
	// oldest has the same tickets, oldest first.
	oldest list.List
	// tenants has them by tenant and party, oldest first.
	tenants map[string]*tenantTickets
}

// tenantTickets are those of a tenant.
type tenantTickets struct {
	count   int
	parties map[string]*list.List
}

type ticket struct {
	hash     [sha256.Size]byte
	identity Identity
	ends     time.Time
	// ofParty is the place among those of its party.
	ofParty *list.Element
}

// tenant is the one that the ticket counts for: the first of its identity.
func (i Identity) tenant() string {
	if len(i.Tenants) == 0 {
		return ""
	}
	return i.Tenants[0]
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
		t.tenants = map[string]*tenantTickets{}
	}
	t.sweepLocked(now)
	if !t.makeRoomLocked(&id) {
		return "", 0, ErrTooManyTickets
	}
	made := &ticket{hash: sha256.Sum256([]byte(text)), identity: id, ends: now.Add(expiresIn)}
	element := t.oldest.PushBack(made)
	t.waiting[made.hash] = element
	of := t.tenants[id.tenant()]
	if of == nil {
		of = &tenantTickets{parties: map[string]*list.List{}}
		t.tenants[id.tenant()] = of
	}
	if of.parties[id.party()] == nil {
		of.parties[id.party()] = list.New()
	}
	of.count++
	made.ofParty = of.parties[id.party()].PushBack(element)
	return text, expiresIn, nil
}

// Redeem returns the identity of a ticket, once.
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

// makeRoomLocked says whether there is room for one more of an identity. When there are
// as many as there may be, it drops the oldest of the tenant that has most, and in it
// of the party that has most. It returns false if that is the one that asks.
func (t *Tickets) makeRoomLocked(id *Identity) bool {
	own := t.tenants[id.tenant()]
	if own != nil && own.of(id.party()) >= maxSubjectTickets {
		return false
	}
	if len(t.waiting) < maxTickets {
		return true
	}
	fullest := own
	for _, tenant := range t.tenants {
		if fullest == nil || tenant.count > fullest.count {
			fullest = tenant
		}
	}
	most := &list.List{}
	for _, party := range fullest.parties {
		if party.Len() > most.Len() {
			most = party
		}
	}
	switch {
	case fullest == own && most.Len() <= own.of(id.party())+1:
		return false
	case fullest != own && own != nil && fullest.count <= own.count+1:
		return false
	}
	t.removeLocked(most.Front().Value.(*list.Element))
	return true
}

// of is how many tickets a party has.
func (t *tenantTickets) of(party string) int {
	if l := t.parties[party]; l != nil {
		return l.Len()
	}
	return 0
}

func (t *Tickets) removeLocked(e *list.Element) *ticket {
	removed := t.oldest.Remove(e).(*ticket)
	delete(t.waiting, removed.hash)
	party, name := removed.identity.party(), removed.identity.tenant()
	tenant := t.tenants[name]
	tickets := tenant.parties[party]
	if tickets.Remove(removed.ofParty); tickets.Len() == 0 {
		delete(tenant.parties, party)
	}
	if tenant.count--; tenant.count == 0 {
		delete(t.tenants, name)
	}
	return removed
}
