package api_test

import (
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/demo/inventory"
)

type (
	user struct {
		ID, Name, Email, Role string
		Warehouses            []string
	}
	pass struct {
		Token     string
		ExpiresAt time.Time
	}
	session struct {
		pass
		User   user
		Tenant struct{ ID, Slug, Name string }
	}
)

func TestLogin(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	tenants := does[[]struct {
		ID, Slug, Name string
		Users          []user
	}](t, s, "", http.MethodGet, "/api/tenants", "", http.StatusOK)
	if len(tenants) != 2 || tenants[0].Slug != "acme-outdoor" || len(tenants[1].Users) != 5 || !reflect.DeepEqual(tenants[1].Users[0], user{aino, "Aino Laine", "aino@borealis-coffee.example", "owner", nil}) {
		t.Fatalf("tenants: %+v", tenants)
	}
	before := time.Now()
	in := does[session](t, s, "", http.MethodPost, "/api/login", `{"tenantId":"`+inventory.AcmeID+`","userId":"`+wilma+`"}`, http.StatusOK)
	if in.User.Name != "Wilma Acker" || in.Tenant.Name != "Acme Outdoor" || in.ExpiresAt.Before(before.Add(14*time.Minute)) || in.ExpiresAt.After(time.Now().Add(15*time.Minute)) {
		t.Errorf("session: %+v", in)
	}
	verifier, err := auth.New(t.Context(), auth.Options{Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	check := func(p pass) {
		t.Helper()
		id, err := verifier.Verify(t.Context(), p.Token)
		if err != nil || id.Subject != wilma || id.Name != "Wilma Acker" || !slices.Equal(id.Roles, []string{"owner"}) || len(id.Tenants) != 1 || id.Tenants[0] != inventory.AcmeID || !id.Expires.Equal(p.ExpiresAt) {
			t.Errorf("the token says %+v, %v; expires at %s", id, err, p.ExpiresAt)
		}
	}
	check(in.pass)
	check(does[pass](t, s, in.Token, http.MethodPost, "/api/token", "", http.StatusOK))

	// Somebody of another tenant is nobody here, and nobody gets no new token.
	s.refuses(t, "", http.MethodPost, "/api/login", `{"tenantId":"`+inventory.AcmeID+`","userId":"`+aino+`"}`, http.StatusNotFound, "not-found", "user")
	s.refuses(t, "", http.MethodPost, "/api/login", `{"tenantId":"`+wilma+`","userId":"`+wilma+`"}`, http.StatusNotFound, "not-found", "tenant")
	for _, subject := range []string{"demo", aino} {
		s.refuses(t, token(t, subject, inventory.AcmeID), http.MethodPost, "/api/token", "", http.StatusForbidden, "forbidden", "POST /api/login")
	}
}

// everything is each route that wants a token.
var everything = [][2]string{
	{http.MethodPost, "/api/token"},
	{http.MethodGet, "/api/dashboard"},
	{http.MethodGet, "/api/hints"},
	{http.MethodGet, "/api/orders"},
	{http.MethodGet, "/api/orders/{order}"},
	{http.MethodPost, "/api/orders"},
	{http.MethodPost, "/api/orders/{order}/fulfil"},
	{http.MethodPost, "/api/orders/{order}/cancel"},
	{http.MethodGet, "/api/purchase-orders"},
	{http.MethodGet, "/api/purchase-orders/{purchase}"},
	{http.MethodPost, "/api/purchase-orders"},
	{http.MethodPost, "/api/purchase-orders/{purchase}/send"},
	{http.MethodPost, "/api/purchase-orders/{purchase}/receive"},
	{http.MethodGet, "/api/stock-movements"},
	{http.MethodPost, "/api/skus/{sku}/adjust"},
	{http.MethodGet, "/api/products"},
	{http.MethodGet, "/api/products/{product}"},
	{http.MethodGet, "/api/suppliers"},
}

func TestTokensAreChecked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	forged, err := auth.Mint([]byte("another secret of at least 32 bytes"), auth.MintClaims{Subject: wilma, Tenants: []string{inventory.AcmeID}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range everything {
		s.refuses(t, "", route[0], route[1], "", http.StatusUnauthorized, "invalid-token", "no token")
		s.refuses(t, "x.y.z", route[0], route[1], "", http.StatusUnauthorized, "invalid-token", "verified")
		s.refuses(t, forged, route[0], route[1], "", http.StatusUnauthorized, "invalid-token", "verified")
		s.refuses(t, token(t, wilma), route[0], route[1], "", http.StatusForbidden, "forbidden", "one tenant")
		s.refuses(t, token(t, wilma, "acme"), route[0], route[1], "", http.StatusForbidden, "forbidden", "one tenant")
		s.refuses(t, token(t, wilma, inventory.AcmeID, inventory.BorealisID), route[0], route[1], "", http.StatusForbidden, "forbidden", "one tenant")
		s.refuses(t, token(t, wilma, inventory.AcmeID), route[0], route[1]+"?token=x", "", http.StatusBadRequest, "bad-request", "URL")
	}
}
