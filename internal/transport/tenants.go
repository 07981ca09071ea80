package transport

import (
	"fmt"
	"slices"
	"strings"

	"rowcast/internal/access/auth"
	"rowcast/internal/mapping"
	"rowcast/internal/view/policy"
)

// Tenant is the name by which the feed knows a tenant.
func (g *Gate) Tenant(name string) string {
	return g.Tenants.Canonical(name)
}

// Doubt says why no row may ever have a tenant, empty if nothing speaks for that.
func (g *Gate) Doubt(name string) string {
	return g.Tenants.Doubt(name)
}

// Unheard says which events of a filter no watched table has that a viewer sees, empty if
// all may come. The viewer is made where it has to be asked.
func (g *Gate) Unheard(filter mapping.Filter, see func() *policy.Viewer) string {
	stems := filter.Stems()
	if len(stems) == 0 || len(g.Tenants.Stems()) == 0 {
		return ""
	}
	viewer := see()
	hidden := func(stem string) bool { return viewer != nil && viewer.OfStem(stem).None() }
	known := slices.DeleteFunc(slices.Clone(g.Tenants.Stems()), hidden)
	var unknown []string
	for _, stem := range stems {
		if !mapping.Known(stem) && !slices.Contains(known, stem) {
			unknown = append(unknown, stem+":*")
		}
	}
	if len(unknown) == 0 {
		return ""
	}
	return fmt.Sprintf("no table that is watched has events %s; there are %s", strings.Join(first(unknown), ", "), strings.Join(first(known), ", "))
}

// first are the first of many words.
func first(words []string) []string {
	if len(words) > maxNamed {
		return append(slices.Clone(words[:maxNamed]), "…")
	}
	return words
}

// Allows says whether an identity may join a tenant, by that name or as it was when
// its token was checked.
func (g *Gate) Allows(id auth.Identity, name string) bool {
	return id.Allows(name) || g.Tenants.Identity(id).Allows(name)
}
