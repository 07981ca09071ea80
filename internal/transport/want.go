package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rowcast/internal/access/auth"
	"rowcast/internal/hub/session"
	"rowcast/internal/mapping"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/where"
)

// Want is what the query of a request asks for: the events of one tenant.
type Want struct {
	Tenant string
	// Events are the patterns of Filter, none for every event.
	Events []string
	Filter mapping.Filter
	// View is that of the rows that are asked for, nil for all.
	View *view.View
	// Query has the parameters that are left.
	Query url.Values
}

// ParseWant reads the parameters tenant, events and where of a request that has come in
// through the gate, and refuses what the identity may not have. The tenant may be left out if the token names
// one alone; events may be repeated, or separated by commas.
func (g *Gate) ParseWant(r *http.Request, id auth.Identity) (Want, *Problem) {
	query := r.URL.Query()
	name := query.Get("tenant")
	switch {
	case name != "":
	case len(id.Tenants) == 1:
		name = id.Tenants[0]
	case len(id.Tenants) == 0:
		return Want{}, bad("the token names no tenant; add tenant=… and send a token that names it in tenant_id or tenants")
	default:
		return Want{}, bad("the token names %d tenants; add tenant=… to say which one is meant", len(id.Tenants))
	}
	var events []string
	for _, value := range query["events"] {
		events = append(events, strings.Split(value, ",")...)
	}
	viewer := func(tenant string) (*policy.Viewer, *session.Refused) { return g.viewer(&id, tenant) }
	w, refused := g.want(r.Context(), id, viewer, name, events, []byte(query.Get("where")))
	w.Query = query
	return w, refused
}

// want checks what an identity asks for, which sees a tenant as viewer says.
func (g *Gate) want(ctx context.Context, id auth.Identity, viewer viewerFunc, name string, events []string, rows []byte) (Want, *Problem) {
	w := Want{Tenant: g.Tenant(name), Events: events}
	if !g.Allows(id, w.Tenant) {
		return Want{}, notNamed(id)
	}
	var err error
	if w.Filter, err = mapping.ParseFilter(events); err != nil {
		return Want{}, bad("%v", err)
	}
	if len(rows) == 0 || string(rows) == "null" {
		return w, nil
	}
	v, none := viewer(w.Tenant)
	if none != nil {
		return Want{}, viewProblem(none)
	}
	w.View, err = g.Views.Bind(ctx, rows, v)
	problem, isBad := errors.AsType[*where.Problem](err)
	switch {
	case isBad:
		return Want{}, bad("%v", problem)
	case err != nil:
		return Want{}, &Problem{
			Status: http.StatusServiceUnavailable, Code: Unavailable, Retry: retryShort, About: "where", Cause: err,
			Detail: "the filter cannot be checked at the moment; try again in a moment",
		}
	}
	return w, nil
}

// notNamed refuses a tenant that a token does not name.
func notNamed(id auth.Identity) *Problem {
	p := &Problem{Status: http.StatusForbidden, Code: Forbidden, About: "tenant", Detail: "the token does not name this tenant"}
	if len(id.Tenants) == 0 {
		p.Cause = errors.New("the token names no tenant at all: JWT_TENANT_CLAIM says where it is looked for")
	}
	return p
}

// bad refuses a request that makes no sense.
func bad(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusBadRequest, Code: BadRequest, About: "query", Detail: fmt.Sprintf(format, args...)}
}
