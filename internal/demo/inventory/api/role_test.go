package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
)

const piet = "ac3e0000-0000-4000-8000-000000000105"

func roleToken(t *testing.T, subject, role string) string {
	t.Helper()
	text, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: subject, Role: role, Tenants: []string{inventory.AcmeID}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPicker has a picker ask for everything, while every price is a canary.
func TestPicker(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const canary = "7777.77"
	if _, err := s.pool.Exec(t.Context(), `
		update public.skus set price = `+canary+`, cost = `+canary+`;
		update public.orders set total = `+canary+`;
		update public.order_items set unit_price = `+canary+`;
		update public.purchase_orders set total = `+canary+`;
		update public.purchase_order_items set unit_cost = `+canary); err != nil {
		t.Fatal(err)
	}
	orderIn := func(warehouse string) string {
		return pgtest.Query[string](t, s.pool, `select id from public.orders where tenant_id = $1 and warehouse = $2 and status = 'pending' order by order_number limit 1`, inventory.AcmeID, warehouse)
	}
	skuIn := func(warehouse string) string {
		return pgtest.Query[string](t, s.pool, `select id from public.skus where tenant_id = $1 and warehouse = $2 order by sku limit 1`, inventory.AcmeID, warehouse)
	}
	productOf := func(sku string) string {
		return pgtest.Query[string](t, s.pool, `select product_id from public.skus where id = $1`, sku)
	}
	in := does[session](t, s, "", http.MethodPost, "/api/login", `{"tenantId":"`+inventory.AcmeID+`","userId":"`+piet+`"}`, http.StatusOK)
	if !slices.Equal(in.User.Warehouses, []string{"main"}) || !slices.Equal(claimed(t, in.Token), []string{"main"}) {
		t.Errorf("the picker is %+v, its token says %v", in.User, claimed(t, in.Token))
	}
	me, homeless, stranger := in.Token, roleToken(t, "somebody", "picker"), roleToken(t, wilma, "guest")

	own := strings.NewReplacer("{order}", orderIn("main"), "{purchase}", s.purchaseID(t, inventory.AcmeID, "PO-506"), "{sku}", skuIn("main"), "{product}", productOf(skuIn("main")))
	may := []string{"POST /api/token", "GET /api/dashboard", "GET /api/hints", "GET /api/orders", "GET /api/orders/{order}", "POST /api/orders/{order}/fulfil", "GET /api/products", "GET /api/products/{product}"}
	for _, route := range everything {
		path := own.Replace(route[1])
		if !slices.Contains(may, route[0]+" "+route[1]) {
			s.refuses(t, me, route[0], path, "", http.StatusForbidden, "forbidden", "a picker")
			continue
		}
		// Where there are prices the owner sees the canary, so a picker could.
		priced := route[0] == http.MethodGet && !strings.HasSuffix(path, "/hints") && !strings.HasSuffix(path, "/dashboard")
		if priced && !strings.Contains(s.ask(t, token(t, wilma, inventory.AcmeID), route[0], path, "").Body.String(), canary) {
			t.Errorf("%s shows the owner no price", path)
		}
		w := s.ask(t, me, route[0], path, "")
		if body := w.Body.String(); w.Code != http.StatusOK || strings.Contains(body, "7777") || strings.Contains(body, "annex") {
			t.Errorf("%s %s: %d %s", route[0], path, w.Code, body)
		}
		s.refuses(t, stranger, route[0], path, "", http.StatusForbidden, "forbidden", "no role")
	}

	// What is in another warehouse does not exist.
	there := orderIn("annex")
	s.refuses(t, me, http.MethodGet, "/api/orders/"+there, "", http.StatusNotFound, "not-found", "order")
	s.refuses(t, me, http.MethodPost, "/api/orders/"+there+"/fulfil", "", http.StatusNotFound, "not-found", "order")
	s.refuses(t, me, http.MethodGet, "/api/products/"+productOf(skuIn("annex")), "", http.StatusNotFound, "not-found", "product")
	if status := pgtest.Query[string](t, s.pool, `select status from public.orders where id = $1`, there); status != "pending" {
		t.Errorf("the order of the annex is %s", status)
	}

	// All that is in the own one is there, and a picker without a warehouse has none.
	for path, where := range map[string]string{
		"/api/orders?limit=500": `select count(*) from public.orders where tenant_id = $1 and warehouse = 'main'`,
		"/api/products":         `select count(distinct product_id) from public.skus where tenant_id = $1 and warehouse = 'main'`,
	} {
		want := pgtest.Query[int](t, s.pool, where, inventory.AcmeID)
		if got := does[[]json.RawMessage](t, s, me, http.MethodGet, path, "", http.StatusOK); len(got) != want || want == 0 {
			t.Errorf("%s has %d, want %d", path, len(got), want)
		}
		if got := does[[]json.RawMessage](t, s, homeless, http.MethodGet, path, "", http.StatusOK); len(got) != 0 {
			t.Errorf("%s shows a picker without a warehouse %s", path, got)
		}
	}
	figures := does[map[string]any](t, s, me, http.MethodGet, "/api/dashboard", "", http.StatusOK)
	open := pgtest.Query[int](t, s.pool, `select count(*) from public.orders where tenant_id = $1 and warehouse = 'main' and status in ('pending', 'processing')`, inventory.AcmeID)
	if figures["openOrders"] != float64(open) || figures["inventoryValue"] != nil || figures["movementsToday"] != nil {
		t.Errorf("dashboard: %v, want %d open orders", figures, open)
	}
}

// claimed are the warehouses that a token names.
func claimed(t *testing.T, token string) []string {
	t.Helper()
	var claims struct{ Warehouses []string }
	if err := json.Unmarshal(payload(t, token), &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Warehouses
}

func payload(t *testing.T, token string) []byte {
	t.Helper()
	_, rest, _ := strings.Cut(token, ".")
	middle, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(middle)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
