package policy

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"rowcast/internal/view/policy/document"
	"rowcast/internal/view/policy/rule"
)

// Viewer is what a session sees of a tenant. It is immutable and may be shared by the
// sessions for which [Viewer.Key] is the same.
type Viewer struct {
	tag, key, mask string
	claims         map[string]any
	uses           [][]string
	access         map[int64]*Access
	// other is of tables that the policy does not name, unknown of those that are not
	// watched either.
	other, unknown *Access
	watched        map[int64]bool
}

// tagBytes are those of the hash that the tag of 8 characters is made of.
const tagBytes = 5

// Empty says whether there are no rules: everybody sees everything.
func (p *Policy) Empty() bool { return p == nil || !p.closed && len(p.tables) == 0 }

// Viewer returns what a session with these roles and claims sees of a tenant. Claims are
// decoded JSON, in which numbers are json.Number. The error wraps [ErrLimit].
func (p *Policy) Viewer(tenant string, roles []string, claims map[string]any) (*Viewer, error) {
	v := &Viewer{access: map[int64]*Access{}, other: &Access{everything: Everything()}, watched: p.watched}
	if p.closed {
		v.other = &Access{}
	}
	ids := slices.Sorted(maps.Keys(p.tables))
	given := map[int64][]role{}
	for _, id := range ids {
		given[id] = p.tables[id].given(roles)
		for _, r := range given[id] {
			if r.rows != nil {
				v.uses = append(v.uses, r.rows.Claims()...)
			}
		}
	}
	slices.SortFunc(v.uses, slices.Compare)
	v.uses = slices.CompactFunc(v.uses, slices.Equal)
	v.claims = rule.Pick(claims, v.uses)
	values, err := json.Marshal(v.claims)
	if err != nil {
		return nil, fmt.Errorf("encode the claims: %w", err)
	}
	if len(values) > rule.MaxClaims {
		return nil, fmt.Errorf("%w: the claims that rules use (%s) have %d bytes, at most %d are allowed", ErrLimit, dotted(v.uses), len(values), rule.MaxClaims)
	}
	known := rule.NewClaims(v.claims)
	tag, key, mask := sha256.New(), sha256.New(), sha256.New()
	restricted := p.closed
	for _, id := range ids {
		t := p.tables[id]
		a := t.access(given[id], tenant, known, p.counter)
		v.access[id] = a
		if !a.Everything() {
			describe(key, id, given[id])
			fmt.Fprintf(mask, "%d%q", id, a.Columns().Names())
			if id != presenceID { // it has no cursor
				restricted = true
				describe(tag, id, given[id])
			}
		}
	}
	fmt.Fprintf(tag, "%t%s", p.closed, values)
	fmt.Fprintf(key, "%t%s%q", p.closed, values, tenant)
	v.unknown, v.mask = v.other, string(mask.Sum(nil))
	if v.key = string(key.Sum(nil)); restricted {
		v.unknown = &Access{} // it may have had rules under another number
		v.tag = base32.HexEncoding.EncodeToString(tag.Sum(nil)[:tagBytes])
		v.tag = strings.ToLower(v.tag)
	}
	return p.viewers.share(v), nil
}

// given are the roles that decide what a session with these roles sees. None of them
// sees nothing.
func (t *table) given(roles []string) (given []role) {
	named := false
	for _, r := range t.roles {
		if r.name == document.Anyone || !slices.Contains(roles, r.name) {
			continue
		}
		named = true
		if r.all {
			return []role{r}
		}
		if r.columns != nil {
			given = append(given, r)
		}
	}
	if named {
		return given
	}
	for _, r := range t.roles {
		if r.name == document.Anyone && (r.all || r.columns != nil) {
			return []role{r}
		}
	}
	return nil
}

// access is what these roles see of a table.
func (t *table) access(given []role, tenant string, claims rule.Claims, counter Counter) *Access {
	a := &Access{stem: t.stem, tenant: tenant, claims: claims, counter: counter, keys: t.keys}
	if t.open || len(given) > 0 && given[0].all {
		a.everything = &Columns{all: true}
		return a
	}
	for _, r := range given {
		a.grants = append(a.grants, grant{r.name, r.rows, r.columns, r.text})
	}
	return a
}

// describe writes down what applies to a table: not under which names, but which rules.
func describe(h hash.Hash, id int64, given []role) {
	var texts []string
	for _, r := range given {
		texts = append(texts, fmt.Sprintf("%q%q", r.columns.list, r.text))
	}
	slices.Sort(texts)
	fmt.Fprintf(h, "%d%q", id, slices.Compact(texts))
}

// Table is what the viewer sees of a table. Of one that is not watched, and that the
// policy does not name, a viewer sees nothing unless it sees all other tables whole.
func (v *Viewer) Table(id int64) *Access {
	switch a := v.access[id]; {
	case a != nil:
		return a
	case v.watched[id]:
		return v.other
	}
	return v.unknown
}

// Presence is what the viewer sees of those who are there.
func (v *Viewer) Presence() *Access { return v.Table(presenceID) }

// Tag names the view in cursors, by 8 characters: viewers have the same one for which
// the same rules apply with the same values. It is empty if the viewer sees everything.
// Others may have the same by chance, so it is no right.
func (v *Viewer) Tag() string { return v.tag }

// Mask is the same for viewers that see the same columns of the same tables.
func (v *Viewer) Mask() string { return v.mask }

// OfStem is what the viewer sees of the table with a stem.
func (v *Viewer) OfStem(stem string) *Access {
	for _, a := range v.access {
		if a.stem == stem {
			return a
		}
	}
	return v.other
}

// Key is the same for viewers of a tenant with the same rules and values, and for no
// others.
func (v *Viewer) Key() string { return v.key }

// Renew is the viewer for a session of another policy, which had v until then, or nothing
// if v is nil. The error
// wraps [ErrClaims] if the session has not kept what the policy needs, or [ErrLimit].
func (p *Policy) Renew(v *Viewer, tenant string, roles []string) (*Viewer, error) {
	if v == nil {
		v = &Viewer{}
	}
	next, err := p.Viewer(tenant, roles, v.claims)
	if err != nil {
		return nil, err
	}
	var missing [][]string
	for _, path := range next.uses {
		if !slices.ContainsFunc(v.uses, func(kept []string) bool { return len(kept) <= len(path) && slices.Equal(kept, path[:len(kept)]) }) {
			missing = append(missing, path)
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("%w: %s", ErrClaims, dotted(missing))
	}
	return next, nil
}

func dotted(paths [][]string) string {
	list := make([]string, len(paths))
	for i, path := range paths {
		list[i] = strings.Join(path, ".")
	}
	return strings.Join(list, ", ")
}
