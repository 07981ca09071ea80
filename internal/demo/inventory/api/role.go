package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/transport"
)

// picker is the role that sees the orders and the stock of its warehouses, without
// prices, and may fulfil those orders.
const picker = "picker"

// picks says that the caller is a picker, and nothing more than that.
func (c *caller) picks() bool { return c.warehouses != nil }

// admit finds out what the role of the caller lets it see. A role that the application
// does not know sees nothing.
func (a *API) admit(ctx context.Context, c *caller) error {
	for _, role := range []string{"owner", "manager", "clerk", "viewer"} {
		if slices.Contains(c.identity.Roles, role) {
			return nil
		}
	}
	if !slices.Contains(c.identity.Roles, picker) {
		return refused(http.StatusForbidden, transport.Forbidden, "the token has no role of this application; get one from POST /api/login")
	}
	c.warehouses = []string{}
	return a.read(ctx, func(tx pgx.Tx) error {
		user, err := findUser(ctx, tx, c.tenant, c.identity.Subject)
		if user != nil {
			c.warehouses = append(c.warehouses, user.Warehouses...)
		}
		return err
	})
}

// whole keeps a route from pickers.
func whole(f answer) answer {
	return func(ctx context.Context, c *caller) (any, error) {
		if c.picks() {
			return nil, refused(http.StatusForbidden, transport.Forbidden, "a picker sees orders and stock, and may fulfil orders; this takes another role")
		}
		return f(ctx, c)
	}
}
