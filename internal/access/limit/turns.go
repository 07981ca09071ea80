package limit

import (
	"container/list"
	"errors"
	"sync"
)

// Party is what asks for a turn: a subject, as a member of a tenant. Each may be empty.
type Party struct{ Tenant, Subject string }

// Bounds are how many turns one subject, one tenant and all together may have. 0
// bounds nothing.
type Bounds struct{ Subject, Tenant, All int }

func (b Bounds) admits(subject, tenant, all int) bool {
	return (b.Subject == 0 || subject < b.Subject) && (b.Tenant == 0 || tenant < b.Tenant) && (b.All == 0 || all < b.All)
}

// A turn may be refused at once.
var (
	// ErrOwnShare: the subject or the tenant waits for as many as it may.
	ErrOwnShare = errors.New("too many turns of one are waited for")
	// ErrCrowded: everybody together does.
	ErrCrowded = errors.New("too many turns are waited for")
)

// Turns gives a bounded number of turns fairly. It is safe for concurrent use.
//
// A turn that is given back goes to the tenant that has waited longest since its last
// turn. In that tenant it goes to such a subject, and to the oldest turn that the
// subject asked for.
type Turns struct {
	holds, waits Bounds

	mu            sync.Mutex
	held, waiting int
	tenants       map[string]*tenantLine
	// line has the tenants that wait, the next to have a turn first.
	line list.List
}

// tenantLine is a tenant that holds turns or waits for some.
type tenantLine struct {
	held, waiting int
	subjects      map[string]*subjectLine
	// line has the subjects that wait, element is that of the tenant among others.
	line    list.List
	element *list.Element
}

// subjectLine is a subject that holds turns or waits for some.
type subjectLine struct {
	held    int
	line    list.List
	element *list.Element
}

// Turn is one that was asked for. Its methods may be called at any time.
type Turn struct {
	turns *Turns
	party Party
	mine  chan struct{}
	// element is that in the line of the subject, nil if it waits no more.
	element *list.Element
	left    bool
}

// NewTurns bounds how many turns are held, and how many are waited for.
func NewTurns(holds, waits Bounds) *Turns {
	return &Turns{holds: holds, waits: waits, tenants: map[string]*tenantLine{}}
}

// Ask asks for a turn, without waiting for it. Without an error the Turn has to be
// left. The errors are ErrOwnShare and ErrCrowded.
func (t *Turns) Ask(party Party) (*Turn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := &Turn{turns: t, party: party, mine: make(chan struct{})}
	tenant, subject := t.findLocked(party)
	if t.fits(tenant, subject) { // nobody waits that fits, too
		t.give(turn, tenant, subject)
		return turn, nil
	}
	if !t.waits.admits(subject.line.Len(), tenant.waiting, t.waiting) {
		defer t.forget(party)
		if t.waits.admits(subject.line.Len(), tenant.waiting, 0) {
			return nil, ErrCrowded
		}
		return nil, ErrOwnShare
	}
	turn.element = subject.line.PushBack(turn)
	if subject.element == nil {
		subject.element = tenant.line.PushBack(subject)
	}
	if tenant.element == nil {
		tenant.element = t.line.PushBack(tenant)
	}
	tenant.waiting++
	t.waiting++
	return turn, nil
}

// Mine is closed when it is this one's turn.
func (t *Turn) Mine() <-chan struct{} { return t.mine }

// Leave gives the turn back, or stops waiting for it, once.
func (t *Turn) Leave() {
	q := t.turns
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.left {
		return
	}
	t.left = true
	tenant, subject := q.findLocked(t.party)
	if t.element != nil {
		q.leaveLine(t, tenant, subject)
	} else {
		q.held--
		tenant.held--
		subject.held--
	}
	q.forget(t.party)
	q.next()
}

// Waiting is how many turns are waited for.
func (t *Turns) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting
}

// Keys is how many tenants hold turns or wait for some.
func (t *Turns) Keys() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.tenants)
}

// findLocked is the tenant and the subject, made if need be. forget drops them again if
// they neither hold nor wait. t.mu held for all that follows.
func (t *Turns) findLocked(party Party) (*tenantLine, *subjectLine) {
	tenant := t.tenants[party.Tenant]
	if tenant == nil {
		tenant = &tenantLine{subjects: map[string]*subjectLine{}}
		t.tenants[party.Tenant] = tenant
	}
	subject := tenant.subjects[party.Subject]
	if subject == nil {
		subject = &subjectLine{}
		tenant.subjects[party.Subject] = subject
	}
	return tenant, subject
}

func (t *Turns) forget(party Party) {
	tenant := t.tenants[party.Tenant]
	if s := tenant.subjects[party.Subject]; s.held == 0 && s.line.Len() == 0 {
		delete(tenant.subjects, party.Subject)
	}
	if len(tenant.subjects) == 0 {
		delete(t.tenants, party.Tenant)
	}
}

func (t *Turns) fits(tenant *tenantLine, subject *subjectLine) bool {
	return t.holds.admits(subject.held, tenant.held, t.held)
}

func (t *Turns) give(turn *Turn, tenant *tenantLine, subject *subjectLine) {
	t.held++
	tenant.held++
	subject.held++
	close(turn.mine)
}

// leaveLine takes a turn out of the lines.
func (t *Turns) leaveLine(turn *Turn, tenant *tenantLine, subject *subjectLine) {
	subject.line.Remove(turn.element)
	turn.element = nil
	if subject.line.Len() == 0 {
		tenant.line.Remove(subject.element)
		subject.element = nil
	}
	if tenant.line.Len() == 0 {
		t.line.Remove(tenant.element)
		tenant.element = nil
	}
	tenant.waiting--
	t.waiting--
}

// next gives turns until no party waits that may have one. A party that has had one goes
// to the end of its line.
func (t *Turns) next() {
	for {
		turn, tenant, subject := t.first()
		if turn == nil {
			return
		}
		t.leaveLine(turn, tenant, subject)
		if subject.element != nil {
			tenant.line.MoveToBack(subject.element)
		}
		if tenant.element != nil {
			t.line.MoveToBack(tenant.element)
		}
		t.give(turn, tenant, subject)
	}
}

// first is the first turn in the lines that may be given; nil if none may.
func (t *Turns) first() (*Turn, *tenantLine, *subjectLine) {
	if t.holds.All > 0 && t.held >= t.holds.All {
		return nil, nil, nil
	}
	for e := t.line.Front(); e != nil; e = e.Next() {
		tenant := e.Value.(*tenantLine)
		for s := tenant.line.Front(); s != nil; s = s.Next() {
			if subject := s.Value.(*subjectLine); t.fits(tenant, subject) {
				return subject.line.Front().Value.(*Turn), tenant, subject
			}
		}
	}
	return nil, nil, nil
}
