package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
)

func TestWrongInput(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	lantern := s.skuID(t, "LANTERN")
	before := s.fingerprint(t, inventory.AcmeID)
	line := `{"skuId":"` + lantern + `","quantity":1}`
	items := func(lines ...string) string { return `{"customer":"me","items":[` + strings.Join(lines, ",") + `]}` }
	const orders, purchases = "/api/orders", "/api/purchase-orders"
	adjust := "/api/skus/" + lantern + "/adjust"
	for _, test := range []struct{ method, path, body, says string }{
		{http.MethodPost, orders, ``, `the body is empty; send {"customer":"…","items":[{"skuId":"…","quantity":1}]}`},
		{http.MethodPost, orders, `{"customer":"me"`, "no JSON"},
		{http.MethodPost, orders, `customer=me`, "no JSON"},
		{http.MethodPost, orders, `[]`, "the body is a JSON array"},
		{http.MethodPost, orders, `"me"`, "the body is a JSON string"},
		{http.MethodPost, orders, `null`, "customer has to be a text of 1 to 200 characters"},
		{http.MethodPost, orders, items(line) + `{}`, "goes on after its object"},
		{http.MethodPost, orders, items(line) + `x`, "goes on after its object"},
		{http.MethodPost, orders, `{"customer":"me","items":[` + line + `],"status":"fulfilled"}`, `there is no field "status"`},
		{http.MethodPost, orders, `{"customer":"me","items":[{"skuId":"` + lantern + `","quantity":1,"price":"0.01"}]}`, `there is no field "price"`},
		{http.MethodPost, orders, `{"customer":7,"items":[` + line + `]}`, "customer has to be a text, not number"},
		{http.MethodPost, orders, `{"customer":"","items":[` + line + `]}`, "customer has to be a text of 1"},
		{http.MethodPost, orders, `{"customer":"  \t ","items":[` + line + `]}`, "customer has to be a text of 1"},
		{http.MethodPost, orders, `{"customer":"a\u0000b","items":[` + line + `]}`, "control characters"},
		{http.MethodPost, orders, `{"customer":"` + strings.Repeat("é", 201) + `","items":[` + line + `]}`, "1 to 200 characters"},
		{http.MethodPost, orders, `{"customer":"me"}`, "items has to be a list of 1 to 100 skus"},
		{http.MethodPost, orders, `{"customer":"me","items":{}}`, "items has to be a list, not object"},
		{http.MethodPost, orders, `{"customer":"me","items":["x"]}`, "items has to be an object, not string"},
		{http.MethodPost, orders, items(), "items has to be a list of 1 to 100 skus"},
		{http.MethodPost, orders, items(strings.TrimSuffix(strings.Repeat(line+",", 101), ",")), "items has to be a list of 1 to 100 skus"},
		{http.MethodPost, orders, items(line, line), "items[1].skuId comes twice"},
		{http.MethodPost, orders, items(line, strings.ReplaceAll(line, lantern, strings.ToUpper(lantern))), "items[1].skuId comes twice"},
		{http.MethodPost, orders, items(`{"skuId":"LANTERN","quantity":1}`), "items[0].skuId has to be a uuid"},
		{http.MethodPost, orders, items(`{"quantity":1}`), "items[0].skuId has to be a uuid"},
		{http.MethodPost, orders, items(`{"skuId":"` + lantern + `"}`), "items[0].quantity has to be a whole number from 1 to 100000"},
		{http.MethodPost, orders, items(`{"skuId":"` + lantern + `","quantity":-1}`), "items[0].quantity has to be"},
		{http.MethodPost, orders, items(`{"skuId":"` + lantern + `","quantity":1.5}`), "quantity has to be a whole number, not number 1.5"},
		{http.MethodPost, orders, items(`{"skuId":"` + lantern + `","quantity":"1"}`), "quantity has to be a whole number, not string"},
		{http.MethodPost, orders, items(`{"skuId":"` + lantern + `","quantity":99999999999}`), "quantity has to be a whole number, not number 99999999999"},
		{http.MethodPost, orders, items(`{"skuId":"` + lantern + `","quantity":100001}`), "items[0].quantity has to be"},
		{http.MethodPost, purchases, `{"supplierId":"me","items":[` + line + `]}`, "supplierId has to be a uuid"},
		{http.MethodPost, purchases, `{"items":[` + line + `]}`, "supplierId has to be a uuid"},
		{http.MethodPost, purchases, `{"supplierId":"` + lantern + `","items":[]}`, "items has to be a list"},
		{http.MethodPost, purchases, items(line), `there is no field "customer"`},
		{http.MethodPost, adjust, `{"quantity":0,"reason":"x"}`, "quantity has to be a whole number from -100000 to 100000 and not 0"},
		{http.MethodPost, adjust, `{"reason":"x"}`, "quantity has to be"},
		{http.MethodPost, adjust, `{"quantity":100001,"reason":"x"}`, "quantity has to be"},
		{http.MethodPost, adjust, `{"quantity":1}`, "reason has to be a text"},
		{http.MethodPost, adjust, `{"quantity":1,"reason":["x"]}`, "reason has to be a text, not array"},
		{http.MethodPost, "/api/skus/LANTERN/adjust", `{"quantity":1,"reason":"x"}`, "the id in the path has to be a uuid"},
		{http.MethodPost, "/api/orders/7/fulfil", ``, "has to be a uuid"},
		{http.MethodPost, "/api/orders/7/cancel", ``, "has to be a uuid"},
		{http.MethodPost, "/api/purchase-orders/x/send", ``, "has to be a uuid"},
		{http.MethodPost, "/api/purchase-orders/x/receive", ``, "has to be a uuid"},
		{http.MethodGet, "/api/orders/'", ``, "has to be a uuid"},
		{http.MethodGet, "/api/purchase-orders/" + lantern + "0", ``, "has to be a uuid"},
		{http.MethodGet, "/api/products/{" + lantern + "}", ``, "has to be a uuid"},
		{http.MethodGet, "/api/orders?limit=0", ``, "limit has to be a whole number from 1 to 500"},
		{http.MethodGet, "/api/orders?limit=501", ``, "limit has to be"},
		{http.MethodGet, "/api/orders?status=pending,open", ``, "status has to be one of pending, processing, fulfilled, cancelled"},
		{http.MethodGet, "/api/purchase-orders?limit=x", ``, "limit has to be"},
		{http.MethodGet, "/api/stock-movements?limit=1e2", ``, "limit has to be"},
		{http.MethodGet, "/api/stock-movements?sku=%00", ``, "sku has to be a text"},
		{http.MethodGet, "/api/stock-movements?sku=%ff", ``, "sku has to be a text"},
		{http.MethodPost, "/api/login", `{"tenantId":"acme","userId":"` + wilma + `"}`, "tenantId has to be a uuid"},
		{http.MethodPost, "/api/login", `{"tenantId":"` + inventory.AcmeID + `"}`, "userId has to be a uuid"},
		{http.MethodPost, "/api/login", `{"tenantId":1}`, "tenantId has to be a text, not number"},
	} {
		s.refuses(t, me, test.method, test.path, test.body, http.StatusBadRequest, "bad-request", test.says)
	}
	s.refuses(t, me, http.MethodPost, orders, `{"customer":"`+strings.Repeat("x", 64<<10)+`"}`, http.StatusRequestEntityTooLarge, "message-too-big", "64 KiB")
	s.refuses(t, me, http.MethodPost, orders, items(line)+strings.Repeat(" ", 64<<10), http.StatusRequestEntityTooLarge, "message-too-big", "64 KiB")
	s.refuses(t, me, http.MethodGet, "/api/nothing", "", http.StatusNotFound, "not-found", "no such path")
	s.refuses(t, me, http.MethodDelete, orders, "", http.StatusMethodNotAllowed, "bad-request", "DELETE")
	s.refuses(t, me, http.MethodGet, "/api/login", "", http.StatusMethodNotAllowed, "bad-request", "GET")
	for table, rows := range s.fingerprint(t, inventory.AcmeID) {
		if rows != before[table] {
			t.Errorf("what was refused changed %s", table)
		}
	}
}

func TestTotalTooLarge(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if _, err := s.pool.Exec(t.Context(), `update public.skus set price = 9999999999.99, cost = 9999999999.99 where sku = 'LANTERN'`); err != nil {
		t.Fatal(err)
	}
	line := `"items":[{"skuId":"` + s.skuID(t, "LANTERN") + `","quantity":2}]}`
	from := pgtest.Query[string](t, s.pool, `select id from public.suppliers where name = 'Lumen Valley'`)
	me := token(t, wilma, inventory.AcmeID)
	s.refuses(t, me, http.MethodPost, "/api/orders", `{"customer":"me",`+line, http.StatusBadRequest, "bad-request", "smaller quantities")
	s.refuses(t, me, http.MethodPost, "/api/purchase-orders", `{"supplierId":"`+from+`",`+line, http.StatusBadRequest, "bad-request", "smaller quantities")
	if d := does[dashboard](t, s, me, http.MethodGet, "/api/dashboard", "", http.StatusOK); len(d.InventoryValue) < len("90000000000.00") {
		t.Errorf("value: %s", d.InventoryValue)
	}
}

func TestHostileTextIsText(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	for _, text := range []string{`<img src=x onerror=alert(1)>`, `'); drop table orders; --`, `\u0027 \\ %s $1 {{.}}`, "\u202edesrever 💥"} {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
		body := `{"customer":"` + quoted + `","items":[{"skuId":"` + s.skuID(t, "LANTERN") + `","quantity":1}]}`
		ordered := does[orderDetail](t, s, me, http.MethodPost, "/api/orders", body, http.StatusCreated)
		if got := does[orderDetail](t, s, me, http.MethodGet, "/api/orders/"+ordered.ID, "", http.StatusOK); got.Customer != text {
			t.Errorf("%q became %q", text, got.Customer)
		}
		w := s.ask(t, me, http.MethodGet, "/api/orders/"+ordered.ID, "")
		if strings.Contains(w.Body.String(), "<img") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q could be read as HTML: %v %s", text, w.Header(), w.Body)
		}
	}
}

// TestHeadHasNoBody asks as monitors do.
func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	server := httptest.NewServer(s)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+"/api/tenants", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || response.ContentLength <= 0 {
		t.Errorf("%s, %d bytes", response.Status, response.ContentLength)
	}
}
