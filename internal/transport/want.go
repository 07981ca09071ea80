package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rowcast/internal/access/auth"
	"rowcast/internal/mapping"
)

// Want is what the query of a request asks for: the events of one tenant.
type Want struct {
	Tenant string
	// Events are the patterns of Filter, none for every event.
	Events []string
	Filter mapping.Filter
	// Query has the parameters that are left.
	Query url.Values
}

// ParseWant reads the parameters tenant and events of a request that has come in
// through the gate, and refuses what the identity may not have. The tenant may be left out if the token names
// one alone; events may be repeated, or separated by commas.
func (g *Gate) ParseWant(r *http.Request, id auth.Identity) (Want, *Problem) {
	w := Want{Query: r.URL.Query()}
	switch {
	case w.Query.Get("tenant") != "":
		w.Tenant = g.Tenant(w.Query.Get("tenant"))
	case len(id.Tenants) == 1:
		w.Tenant = g.Tenant(id.Tenants[0])
	case len(id.Tenants) == 0:
		return Want{}, bad("the token names no tenant; add tenant=… and send a token that names it in tenant_id or tenants")
	default:
		return Want{}, bad("the token names %d tenants; add tenant=… to say which one is meant", len(id.Tenants))
	}
	if !g.Allows(id, w.Tenant) {
		return Want{}, notNamed(id)
	}
	for _, value := range w.Query["events"] {
		w.Events = append(w.Events, strings.Split(value, ",")...)
	}
	var err error
	if w.Filter, err = mapping.ParseFilter(w.Events); err != nil {
		return Want{}, bad("%v", err)
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
