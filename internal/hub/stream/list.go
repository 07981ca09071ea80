package stream

import (
	"cmp"
	"slices"
)

// TenantStats are the figures of a tenant.
type TenantStats struct {
	Name string
	// Followers hold the tenant now.
	Followers int64
	// Events were put into its rings since it was last joined by somebody new.
	Events int64
	// Position is its newest.
	Position int64
}

// List has the tenants with the most followers, at most limit of them, and how
// many there are. Of those with equally many, the busier come first.
func (s *Streams) List(limit int) (list []TenantStats, all int) {
	tenants := s.all()
	for _, t := range tenants {
		list = append(list, TenantStats{Name: t.name, Followers: int64(t.users.Load()), Events: t.count.Load()})
	}
	slices.SortFunc(list, func(a, b TenantStats) int {
		return cmp.Or(cmp.Compare(b.Followers, a.Followers), cmp.Compare(b.Events, a.Events), cmp.Compare(a.Name, b.Name))
	})
	all = len(list)
	list = list[:min(limit, all)]
	for _, t := range tenants {
		at := slices.IndexFunc(list, func(of TenantStats) bool { return of.Name == t.name })
		if at >= 0 {
			t.mu.Lock()
			list[at].Position = t.head.Position
			t.mu.Unlock()
		}
	}
	return list, all
}

// Joined are the names of the tenants that somebody uses.
func (s *Streams) Joined() (names []string) {
	for _, t := range s.all() {
		if t.users.Load() > 0 {
			names = append(names, t.name)
		}
	}
	return names
}
