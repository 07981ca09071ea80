package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/access/auth"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/transport"
)

// tokenLife is how long the tokens of people are good.
const tokenLife = 15 * time.Minute

// tenant is a business, and who may log in.
type tenant struct {
	ID    string           `json:"id"`
	Slug  string           `json:"slug"`
	Name  string           `json:"name"`
	Users []inventory.User `json:"users,omitempty" db:"-"`
}

// pass is a token and what it is good for.
type pass struct {
	Token     string  `json:"token"`
	ExpiresAt instant `json:"expiresAt"`
}

// session is what somebody gets who logs in.
type session struct {
	pass
	User   inventory.User `json:"user"`
	Tenant tenant         `json:"tenant"`
}

// tenants lists who may log in.
func (a *API) tenants(ctx context.Context, _ *caller) (any, error) {
	var all []tenant
	err := a.read(ctx, func(tx pgx.Tx) (err error) {
		all, err = collect[tenant](ctx, tx, "tenants", sqlTenants)
		for i := range all {
			if err == nil {
				all[i].Users, err = inventory.ReadUsers(ctx, tx, all[i].ID)
			}
		}
		return err
	})
	return all, err
}

// login lets anybody be one of the users: this is a demo, without passwords.
func (a *API) login(ctx context.Context, c *caller) (any, error) {
	type request struct {
		TenantID string `json:"tenantId"`
		UserID   string `json:"userId"`
	}
	const example = `{"tenantId":"…","userId":"…"}, both from GET /api/tenants`
	wanted, err := decode[request](c, example)
	if err != nil {
		return nil, err
	}
	var s session
	tenantID, err := uuid("tenantId", wanted.TenantID)
	if err != nil {
		return nil, err
	}
	userID, err := uuid("userId", wanted.UserID)
	if err != nil {
		return nil, err
	}
	err = a.read(ctx, func(tx pgx.Tx) (err error) {
		if s.Tenant, err = one[tenant](ctx, tx, "tenant", sqlTenant, tenantID, tenantID); err != nil {
			return err
		}
		s.User, err = one[inventory.User](ctx, tx, "user", sqlUser, tenantID, userID)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.pass, err = a.mint(ctx, s.User, tenantID)
	return s, err
}

// renew returns a fresh token for one that is still good.
func (a *API) renew(ctx context.Context, c *caller) (any, error) {
	var u *inventory.User
	err := a.read(ctx, func(tx pgx.Tx) (err error) {
		u, err = findUser(ctx, tx, c.tenant, c.identity.Subject)
		return err
	})
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, refused(http.StatusForbidden, transport.Forbidden, "the token is of nobody who can log in; get one from POST /api/login")
	}
	return a.mint(ctx, *u, c.tenant)
}

func (a *API) mint(ctx context.Context, u inventory.User, tenantID string) (pass, error) {
	claims := auth.MintClaims{Subject: u.ID, Name: u.Name, Role: u.Role, Tenants: []string{tenantID}}
	if u.Role == picker {
		claims.More = map[string]any{"warehouses": u.Warehouses}
	}
	token, err := auth.Mint(a.Secret, claims, tokenLife)
	if err != nil {
		return pass{}, err
	}
	identity, err := a.Gate.Verify(ctx, token)
	if err != nil {
		return pass{}, fmt.Errorf("verify the token that was minted: %w", err)
	}
	return pass{Token: token, ExpiresAt: instant(identity.Expires)}, nil
}

// findUser is the user of the tenant that the subject of a token names, nil if
// it is somebody else.
func findUser(ctx context.Context, tx pgx.Tx, tenantID, subject string) (*inventory.User, error) {
	if !isUUID(subject) {
		return nil, nil
	}
	u, err := one[inventory.User](ctx, tx, "user", sqlUser, tenantID, subject)
	if errors.Is(err, inventory.ErrNotFound) {
		return nil, nil
	}
	return &u, err
}
