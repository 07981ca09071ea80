package transport

import (
	"errors"
	"net/http"

	"rowcast/internal/access/auth"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/view"
	"rowcast/internal/view/policy"
)

// viewerFunc returns what an identity sees of a tenant, nil for everything.
type viewerFunc func(tenant string) (*policy.Viewer, *session.Refused)

// Viewer is what an identity sees of a tenant by the policy in force, nil for everything.
func (g *Gate) Viewer(id *auth.Identity, tenant string) (*policy.Viewer, *Problem) {
	v, refused := g.viewer(id, tenant)
	if refused != nil {
		return nil, viewProblem(refused)
	}
	return v, nil
}

func (g *Gate) viewer(id *auth.Identity, tenant string) (*policy.Viewer, *session.Refused) {
	p := g.Rules.Policy()
	if p.Empty() {
		return nil, nil
	}
	v, err := p.Viewer(tenant, id.Roles, id.Claims)
	return v, refusedView(err)
}

// viewer is Viewer for the identity of the client, of whose claims those are kept that the
// rules used when it came.
func (c *Client) viewer(tenant string) (*policy.Viewer, *session.Refused) {
	known, p := c.identity.Load(), c.gate.Rules.Policy()
	switch {
	case p.Empty():
		return nil, nil
	case known == nil: // it was ended
		return nil, &session.Refused{Code: Forbidden}
	}
	v, err := p.Renew(known.kept, tenant, known.Roles)
	return v, refusedView(err)
}

// sees makes the view of a client that has a wish.
func (c *Client) sees(tenant string, wish *view.View) func() (*view.View, *session.Refused) {
	return func() (*view.View, *session.Refused) {
		v, refused := c.viewer(tenant)
		return wish.For(v), refused
	}
}

// refusedView says why there is no viewer.
func refusedView(err error) *session.Refused {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, policy.ErrClaims):
		return &session.Refused{Code: signal.PolicyChanged, Detail: "the rules need claims that were not kept; connect again"}
	case errors.Is(err, policy.ErrLimit):
		return &session.Refused{Code: LimitExceeded, Detail: err.Error()}
	}
	return &session.Refused{Code: Internal, Detail: "the server is at fault; its log says why"}
}

// viewProblem is the answer to a request of somebody without a view.
func viewProblem(r *session.Refused) *Problem {
	status := http.StatusInternalServerError
	if r.Code == LimitExceeded {
		status = http.StatusForbidden
	}
	return &Problem{Status: status, Code: r.Code, About: "policy", Detail: r.Detail}
}
