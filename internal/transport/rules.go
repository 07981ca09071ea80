package transport

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rowcast/internal/auth"
	"rowcast/internal/mapping"
	"rowcast/internal/tenant"
)

// Rules are what clients are held to beside their tokens. A field that is zero
// holds them to nothing.
type Rules struct {
	// Revoked says whether an identity is not good any more. It must not block.
	Revoked func(id *auth.Identity) bool
	// Limits bounds connections.
	Limits *Limits
	// Refusals is told whom the rules, and whoever applies them, refuse.
	Refusals *Refusals
	// Tenants knows how the database writes tenants.
	Tenants *tenant.Watcher
}

// Tenant is the name by which the feed knows a tenant. Rules may be nil.
func (r *Rules) Tenant(name string) string {
	if r == nil {
		return name
	}
	return r.Tenants.Canonical(name)
}

// Doubt says why no row may ever have a tenant, empty if nothing speaks for that.
func (r *Rules) Doubt(name string) string {
	if r == nil {
		return ""
	}
	return r.Tenants.Doubt(name)
}

// Unheard says which events of a filter no watched table has, empty if all may come.
func (r *Rules) Unheard(filter mapping.Filter) string {
	if r == nil || len(r.Tenants.Stems()) == 0 {
		return ""
	}
	var unknown []string
	for _, stem := range filter.Stems() {
		if !mapping.Known(stem) && !slices.Contains(r.Tenants.Stems(), stem) {
			unknown = append(unknown, stem+":*")
		}
	}
	if len(unknown) == 0 {
		return ""
	}
	known := r.Tenants.Stems()
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
// its token was checked. Rules may be nil.
func (r *Rules) Allows(id auth.Identity, name string) bool {
	return id.Allows(name) || r != nil && r.Tenants.Identity(id).Allows(name)
}

// Note is that of Refusals. Rules may be nil.
func (r *Rules) Note(ctx context.Context, request *http.Request, p *Problem) {
	if r != nil {
		r.Refusals.Note(ctx, request, p)
	}
}

// Warn is that of Refusals. Rules may be nil.
func (r *Rules) Warn(what, tenant, why string) {
	if r != nil {
		r.Refusals.Warn(what, tenant, why)
	}
}

// Slot is that of Limits. Rules may be nil.
func (r *Rules) Slot(request *http.Request) (*Slot, *Problem) {
	if r == nil {
		return nil, nil
	}
	return r.Limits.Slot(request)
}

// Guard is that of Limits. Rules may be nil.
func (r *Rules) Guard(next http.Handler) http.Handler {
	if r == nil {
		return next
	}
	return r.Limits.Guard(next)
}
