package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
)

// TestTenantsAreApart asks each route for what belongs to Borealis, with a
// token of Acme.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	foreign := map[string]string{
		"{order}":    s.orderID(t, inventory.BorealisID, "SO-1025"),
		"{purchase}": s.purchaseID(t, inventory.BorealisID, "PO-506"),
		"{sku}":      s.skuID(t, "AUR-250"),
		"{product}":  pgtest.Query[string](t, s.pool, `select id from public.products where name = 'Stoneware Mug'`),
		"{supplier}": pgtest.Query[string](t, s.pool, `select id from public.suppliers where name = 'Kamo Ceramics'`),
	}
	own := s.skuID(t, "LANTERN")
	bodies := map[string][]string{
		"/api/orders": {
			`{"customer":"me","items":[{"skuId":"{sku}","quantity":1}]}`,
			`{"customer":"me","items":[{"skuId":"` + own + `","quantity":1},{"skuId":"{sku}","quantity":1}]}`,
		},
		"/api/purchase-orders": {
			`{"supplierId":"{supplier}","items":[{"skuId":"` + own + `","quantity":1}]}`,
			`{"supplierId":"` + pgtest.Query[string](t, s.pool, `select id from public.suppliers where name = 'Lumen Valley'`) + `","items":[{"skuId":"{sku}","quantity":1}]}`,
		},
		"/api/skus/{sku}/adjust": {`{"quantity":1,"reason":"mine"}`},
	}
	fill := func(text string) string {
		for name, id := range foreign {
			text = strings.ReplaceAll(text, name, id)
		}
		return text
	}
	before := map[string]map[string]string{}
	for _, tenant := range []string{inventory.AcmeID, inventory.BorealisID} {
		before[tenant] = s.fingerprint(t, tenant)
	}
	names := pgtest.Query[string](t, s.pool, `select string_agg(id::text, ' ') from (
		select id from public.orders where tenant_id = $1 union all select id from public.skus where tenant_id = $1
		union all select id from public.products where tenant_id = $1 union all select id from public.suppliers where tenant_id = $1
		union all select id from public.purchase_orders where tenant_id = $1 union all select id from public.stock_movements where tenant_id = $1
		union all select $1::uuid) f`, inventory.BorealisID)
	theirs := strings.Fields(names)
	refused := 0
	for _, route := range everything {
		path := fill(route[1])
		asked := append([]string{}, bodies[route[1]]...)
		if route[0] == http.MethodGet || len(asked) == 0 {
			asked = []string{""}
		}
		for _, body := range asked {
			if path != route[1] || body != "" {
				s.refuses(t, me, route[0], path, fill(body), http.StatusNotFound, "not-found", "not found")
				refused++
				continue
			}
			answer := s.ask(t, me, route[0], path+"?limit=500", "").Body.String()
			for _, id := range theirs {
				if strings.Contains(answer, id) {
					t.Errorf("%s %s shows %s", route[0], path, id)
				}
			}
		}
	}
	if refused != 12 {
		t.Errorf("%d requests had something of the other tenant", refused)
	}
	for _, name := range []string{"AUR-250", foreign["{sku}"]} {
		if got := does[[]movement](t, s, me, http.MethodGet, "/api/stock-movements?sku="+name, "", http.StatusOK); len(got) != 0 {
			t.Errorf("movements of %s: %+v", name, got)
		}
	}
	for tenant, was := range before {
		if diff := cmp.Diff(was, s.fingerprint(t, tenant)); diff != "" {
			t.Errorf("tenant %s changed:\n%s", tenant, diff)
		}
	}
}
