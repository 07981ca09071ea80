package revocation

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"rowcast/internal/access/auth"
)

// Revocation revokes the tokens that fit all of its conditions.
type Revocation struct {
	// TokenID, Subject and Tenant are conditions unless they are empty.
	TokenID, Subject, Tenant string
	// IssuedBefore is one unless it is zero. A revocation without any condition
	// revokes nothing.
	IssuedBefore time.Time
	// Until is when it ends.
	Until time.Time
}

// fits says whether a token of the identity is revoked at now.
func (r *Revocation) fits(id *auth.Identity, now time.Time) bool {
	return now.Before(r.Until) &&
		(r.TokenID == "" || r.TokenID == id.TokenID) &&
		(r.Subject == "" || r.Subject == id.Subject) &&
		(r.Tenant == "" || id.Allows(r.Tenant)) &&
		(r.IssuedBefore.IsZero() || id.IssuedAt.Before(r.IssuedBefore))
}

// List is a set of revocations that are found by what they name, so that a
// token is not compared with those of others. It does not change.
type List struct {
	tokens, subjects, tenants map[string][]Revocation
	others                    []Revocation
	count                     int
}

// NewList makes a list.
func NewList(all []Revocation) *List {
	l := &List{tokens: map[string][]Revocation{}, subjects: map[string][]Revocation{}, tenants: map[string][]Revocation{}}
	for _, r := range all {
		l.count++
		switch {
		case r.TokenID != "":
			l.tokens[r.TokenID] = append(l.tokens[r.TokenID], r)
		case r.Subject != "":
			l.subjects[r.Subject] = append(l.subjects[r.Subject], r)
		case r.Tenant != "":
			l.tenants[r.Tenant] = append(l.tenants[r.Tenant], r)
		case !r.IssuedBefore.IsZero():
			l.others = append(l.others, r)
		default:
			l.count--
		}
	}
	return l
}

// Len is how many revocations there are.
func (l *List) Len() int { return l.count }

// Revoked says whether a token of the identity is revoked at now.
func (l *List) Revoked(id *auth.Identity, now time.Time) bool {
	if l.count == 0 {
		return false
	}
	if anyFits(l.others, id, now) || anyFits(l.subjects[id.Subject], id, now) {
		return true
	}
	if id.TokenID != "" && anyFits(l.tokens[id.TokenID], id, now) {
		return true
	}
	if len(l.tenants) > 0 {
		for _, tenant := range id.Tenants {
			if anyFits(l.tenants[tenant], id, now) {
				return true
			}
		}
	}
	return false
}

func anyFits(some []Revocation, id *auth.Identity, now time.Time) bool {
	for i := range some {
		if some[i].fits(id, now) {
			return true
		}
	}
	return false
}

// row is one of sql/revoked.sql.
type row struct {
	ID                       int64
	TokenID, Subject, Tenant *string
	IssuedBefore, Until      *float64
}

// revocation is what a row revokes. It returns false if the row has a condition that
// names nothing: empty text, which no token has, or none at all.
func (r *row) revocation() (of Revocation, ok bool) {
	of = Revocation{IssuedBefore: timeOf(r.IssuedBefore), Until: timeOf(r.Until)}
	for _, condition := range []struct {
		given *string
		of    *string
	}{{r.TokenID, &of.TokenID}, {r.Subject, &of.Subject}, {r.Tenant, &of.Tenant}} {
		if condition.given == nil {
			continue
		}
		if *condition.given == "" {
			return Revocation{}, false
		}
		*condition.of, ok = *condition.given, true
	}
	return of, ok || !of.IssuedBefore.IsZero()
}

// decode reads what sql/revoked.sql returns. void are the numbers of the rows
// that revoke nothing.
func decode(text []byte, canonical func(string) string) (list *List, void []int64, err error) {
	var rows []row
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, nil, fmt.Errorf("decode the revocations: %w", err)
	}
	all := make([]Revocation, 0, len(rows))
	for i := range rows {
		if of, ok := rows[i].revocation(); ok {
			of.Tenant = canonical(of.Tenant)
			all = append(all, of)
		} else {
			void = append(void, rows[i].ID)
		}
	}
	return NewList(all), void, nil
}

// timeOf is a time in seconds since 1970. That at which the years begin is not the
// zero time, which stands for none.
func timeOf(seconds *float64) time.Time {
	if seconds == nil {
		return time.Time{}
	}
	whole, part := math.Modf(*seconds)
	at := time.Unix(int64(whole), int64(part*1e9))
	if at.IsZero() {
		at = at.Add(1)
	}
	return at
}
