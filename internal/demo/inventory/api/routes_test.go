package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
)

// The shapes of the answers, written out once more: pages rely on them.
type (
	order struct {
		ID, Number, Customer, Status, Warehouse, Total string
		CreatedAt, UpdatedAt                           time.Time
	}
	orderRow struct {
		order
		Items int
	}
	orderDetail struct {
		order
		Items []struct {
			SkuID, Sku, Name, Price string
			Quantity                int
		}
	}
	purchase struct {
		ID, Number, SupplierID, Supplier, Status, Total string
		ExpectedOn                                      *string
		CreatedAt, UpdatedAt                            time.Time
	}
	purchaseRow struct {
		purchase
		Items int
	}
	purchaseDetail struct {
		purchase
		Items []struct {
			SkuID, Sku, Name, Cost string
			Quantity               int
		}
	}
	movement struct {
		ID, SkuID, Sku, Name, MovementType, Reason, Reference string
		Quantity                                              int
		CreatedAt                                             time.Time
	}
	sku struct {
		ID, Sku, Name, Warehouse, Price, Cost string
		Quantity, Threshold                   int
	}
	product struct {
		ID, Name, Category string
		Skus               []sku
	}
	supplier struct {
		ID, Name, Email string
		LeadTimeDays    int
	}
	productDetail struct {
		product
		Description string
		Supplier    supplier
		Movements   []movement
	}
	dashboard struct {
		InventoryValue                       string
		OpenOrders, LowStock, MovementsToday int
		Alerts                               []struct {
			SkuID, Sku, Name    string
			Quantity, Threshold int
		}
	}
)

func TestLists(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)

	orders := does[[]orderRow](t, s, me, http.MethodGet, "/api/orders", "", http.StatusOK)
	if len(orders) != 25 || orders[0].Number != "SO-1025" || orders[0].Items != 2 || orders[0].Total != "58.00" || orders[0].Status != "pending" ||
		!slices.IsSortedFunc(orders, func(a, b orderRow) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
		t.Errorf("orders: %d, first %+v", len(orders), orders[0])
	}
	one := does[orderDetail](t, s, me, http.MethodGet, "/api/orders/"+orders[0].ID, "", http.StatusOK)
	if one.order != orders[0].order || len(one.Items) != 2 || one.Items[0].Sku != "DRY-20" || one.Items[0].Price != "34.00" ||
		one.Items[0].Quantity != 1 || one.Items[0].Name != "Dry Bag, 20 litres" || one.Items[0].SkuID != s.skuID(t, "DRY-20") {
		t.Errorf("order: %+v", one)
	}

	open := does[[]orderRow](t, s, me, http.MethodGet, "/api/orders?status=pending,processing", "", http.StatusOK)
	want := slices.DeleteFunc(slices.Clone(orders), func(o orderRow) bool { return o.Status != "pending" && o.Status != "processing" })
	if len(want) == 0 || len(want) == len(orders) || !slices.Equal(open, want) {
		t.Errorf("open orders: %+v, want %+v", open, want)
	}
	packed := does[[]orderRow](t, s, me, http.MethodGet, "/api/orders?warehouse=annex", "", http.StatusOK)
	want = slices.DeleteFunc(slices.Clone(orders), func(o orderRow) bool { return o.Warehouse != "annex" })
	if len(want) == 0 || len(want) == len(orders) || !slices.Equal(packed, want) {
		t.Errorf("orders of the annex: %+v, want %+v", packed, want)
	}

	purchases := does[[]purchaseRow](t, s, me, http.MethodGet, "/api/purchase-orders?limit=3", "", http.StatusOK)
	if len(purchases) != 3 || purchases[0].Number != "PO-508" || purchases[0].Items != 1 || purchases[0].Supplier != "Lumen Valley" || purchases[0].ExpectedOn == nil {
		t.Errorf("purchase orders: %+v", purchases)
	}
	bought := does[purchaseDetail](t, s, me, http.MethodGet, "/api/purchase-orders/"+purchases[0].ID, "", http.StatusOK)
	if bought.SupplierID != purchases[0].SupplierID || len(bought.Items) != 1 || bought.Items[0].Cost != "25.20" || bought.Total != "1512.00" {
		t.Errorf("purchase order: %+v", bought)
	}

	products := does[[]product](t, s, me, http.MethodGet, "/api/products", "", http.StatusOK)
	i := slices.IndexFunc(products, func(p product) bool { return p.Name == "Gale Rain Jacket" })
	if len(products) != 12 || i < 0 || len(products[i].Skus) != 3 || products[i].Category != "Clothing" {
		t.Fatalf("products: %+v", products)
	}
	if got := products[i].Skus[0]; got.Sku != "JKT-L" || got.Name != "Large" || got.Price != "189.00" || got.Cost != "92.40" || got.Threshold != 15 || got.Quantity != 22 || got.Warehouse != "annex" {
		t.Errorf("sku: %+v", got)
	}
	detail := does[productDetail](t, s, me, http.MethodGet, "/api/products/"+products[i].ID, "", http.StatusOK)
	if detail.Supplier.Name != "Nordwand Textil" || detail.Supplier.LeadTimeDays != 14 || detail.Description == "" || len(detail.Skus) != 3 ||
		len(detail.Movements) != 6 || slices.ContainsFunc(detail.Movements, func(m movement) bool { return !strings.HasPrefix(m.Sku, "JKT-") }) {
		t.Errorf("product: %+v", detail)
	}
	if all := does[[]supplier](t, s, me, http.MethodGet, "/api/suppliers", "", http.StatusOK); len(all) != 4 || all[0].Email == "" {
		t.Errorf("suppliers: %+v", all)
	}
}

func TestMovementsOfOneSKU(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	all := does[[]movement](t, s, me, http.MethodGet, "/api/stock-movements?limit=500", "", http.StatusOK)
	if len(all) != 58 || !slices.IsSortedFunc(all, func(a, b movement) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
		t.Errorf("%d movements", len(all))
	}
	for _, name := range []string{"JKT-M", s.skuID(t, "JKT-M"), strings.ToUpper(s.skuID(t, "JKT-M"))} {
		got := does[[]movement](t, s, me, http.MethodGet, "/api/stock-movements?sku="+name, "", http.StatusOK)
		if len(got) != 3 || got[0].Sku != "JKT-M" || got[0].Name != "Gale Rain Jacket, Medium" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := does[[]movement](t, s, me, http.MethodGet, "/api/stock-movements?sku=none", "", http.StatusOK); got == nil || len(got) != 0 {
		t.Errorf("of no sku: %+v; want an empty list", got)
	}
}

func TestDashboardAddsUp(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	before := does[dashboard](t, s, me, http.MethodGet, "/api/dashboard", "", http.StatusOK)
	value := pgtest.Query[string](t, s.pool, `select sum(quantity * cost)::text from public.skus where tenant_id = $1`, inventory.AcmeID)
	low := pgtest.Query[int](t, s.pool, `select count(*) from public.skus where tenant_id = $1 and quantity <= low_stock_threshold`, inventory.AcmeID)
	if before.InventoryValue != value || before.OpenOrders != 8 || before.LowStock != low || len(before.Alerts) != low || low == 0 {
		t.Errorf("dashboard: %+v; want value %s, %d low", before, value, low)
	}
	// All but one of the jackets are damaged: one more is low.
	jacket := s.skuID(t, "JKT-S")
	does[movement](t, s, me, http.MethodPost, "/api/skus/"+jacket+"/adjust", `{"quantity":-50,"reason":"damaged"}`, http.StatusCreated)
	after := does[dashboard](t, s, me, http.MethodGet, "/api/dashboard", "", http.StatusOK)
	if after.LowStock != low+1 || after.MovementsToday != before.MovementsToday+1 || after.Alerts[0].Sku != "JKT-S" ||
		after.Alerts[0].Quantity != 1 || after.Alerts[0].Threshold != 10 || after.Alerts[0].Name != "Gale Rain Jacket, Small" || after.Alerts[0].SkuID != jacket {
		t.Errorf("dashboard: %+v", after)
	}
	// A tenant without anything has a dashboard too.
	empty := pgtest.Query[string](t, s.pool, `insert into public.tenants (slug, name) values ('empty', 'Empty') returning id`)
	if d := does[dashboard](t, s, token(t, "me", empty), http.MethodGet, "/api/dashboard", "", http.StatusOK); d.InventoryValue != "0.00" || d.Alerts == nil {
		t.Errorf("empty: %+v", d)
	}
}

func TestOrderGoesItsWay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	tent, sock := s.skuID(t, "TENT-2P"), s.skuID(t, "SOCK-38")
	stock := func() [2]int {
		const quantity = `select quantity from public.skus where id = $1`
		return [2]int{pgtest.Query[int](t, s.pool, quantity, tent), pgtest.Query[int](t, s.pool, quantity, sock)}
	}
	before := stock()
	body := `{"customer":"  Ada Lovelace ","items":[{"skuId":"` + tent + `","quantity":1},{"skuId":"` + strings.ToUpper(sock) + `","quantity":3}]}`
	ordered := does[orderDetail](t, s, me, http.MethodPost, "/api/orders", body, http.StatusCreated)
	if ordered.Customer != "Ada Lovelace" || ordered.Status != "pending" || ordered.Total != "408.70" || len(ordered.Items) != 2 || ordered.Number == "" {
		t.Errorf("placed: %+v", ordered)
	}
	if stock() != before {
		t.Errorf("the goods left with the order: %v, then %v", before, stock())
	}
	done := does[orderDetail](t, s, me, http.MethodPost, "/api/orders/"+ordered.ID+"/fulfil", "", http.StatusOK)
	if done.Status != "fulfilled" || done.UpdatedAt.Equal(ordered.UpdatedAt) {
		t.Errorf("fulfilled: %+v", done)
	}
	if after := stock(); after != [2]int{before[0] - 1, before[1] - 3} {
		t.Errorf("stock was %v and is %v", before, after)
	}
	left := does[[]movement](t, s, me, http.MethodGet, "/api/stock-movements?limit=2", "", http.StatusOK)
	for _, m := range left {
		if m.MovementType != "sale" || m.Reference != ordered.Number || m.Quantity >= 0 {
			t.Errorf("movement: %+v", m)
		}
	}
	if by := pgtest.Query[string](t, s.pool, `select distinct created_by from public.stock_movements where reference = $1`, ordered.Number); by != wilma {
		t.Errorf("the goods were moved by %s", by)
	}

	other := does[orderDetail](t, s, me, http.MethodPost, "/api/orders", body, http.StatusCreated)
	now := stock()
	if gone := does[orderDetail](t, s, me, http.MethodPost, "/api/orders/"+other.ID+"/cancel", "", http.StatusOK); gone.Status != "cancelled" || stock() != now {
		t.Errorf("cancelled: %+v, stock %v then %v", gone, now, stock())
	}
}

func TestPurchaseOrderGoesItsWay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	lantern := s.skuID(t, "LANTERN")
	from := pgtest.Query[string](t, s.pool, `select id from public.suppliers where name = 'Lumen Valley'`)
	before := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, lantern)
	drafted := does[purchaseDetail](t, s, me, http.MethodPost, "/api/purchase-orders",
		`{"supplierId":"`+from+`","items":[{"skuId":"`+lantern+`","quantity":40}]}`, http.StatusCreated)
	if drafted.Status != "draft" || drafted.Total != "1008.00" || drafted.Supplier != "Lumen Valley" || len(drafted.Items) != 1 {
		t.Errorf("drafted: %+v", drafted)
	}
	path := "/api/purchase-orders/" + drafted.ID
	s.refuses(t, me, http.MethodPost, path+"/receive", "", http.StatusConflict, "conflict", "has to be sent or confirmed")
	if sent := does[purchaseDetail](t, s, me, http.MethodPost, path+"/send", "", http.StatusOK); sent.Status != "sent" {
		t.Errorf("sent: %+v", sent)
	}
	if received := does[purchaseDetail](t, s, me, http.MethodPost, path+"/receive", "", http.StatusOK); received.Status != "received" {
		t.Errorf("received: %+v", received)
	}
	if after := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, lantern); after != before+40 {
		t.Errorf("there were %d and are %d", before, after)
	}
	newest := does[[]movement](t, s, me, http.MethodGet, "/api/stock-movements?limit=1", "", http.StatusOK)[0]
	if newest.MovementType != "purchase" || newest.Quantity != 40 || newest.Reference != drafted.Number {
		t.Errorf("movement: %+v", newest)
	}
}

func TestAdjust(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	lantern := s.skuID(t, "LANTERN")
	before := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, lantern)
	// The token is of nobody in particular: the movement is by nobody.
	m := does[movement](t, s, token(t, "demo", inventory.AcmeID), http.MethodPost, "/api/skus/"+lantern+"/adjust", `{"quantity":-3,"reason":"damaged"}`, http.StatusCreated)
	if m.MovementType != "adjustment" || m.Quantity != -3 || m.Reason != "damaged" || m.SkuID != lantern || time.Since(m.CreatedAt) > time.Hour {
		t.Errorf("movement: %+v", m)
	}
	if after := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, lantern); after != before-3 {
		t.Errorf("there were %d and are %d", before, after)
	}
	if by := pgtest.Query[*string](t, s.pool, `select created_by from public.stock_movements where id = $1`, m.ID); by != nil {
		t.Errorf("moved by %s", *by)
	}
}

// TestHintsWork runs the lines that the page shows.
func TestHintsWork(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	got := does[struct {
		DatabaseURL, Psql string
		Lines             []struct{ Title, Psql string }
	}](t, s, token(t, aino, inventory.BorealisID), http.MethodGet, "/api/hints", "", http.StatusOK)
	if got.DatabaseURL != s.dsn || len(got.Lines) != 3 || got.Psql != got.Lines[0].Psql {
		t.Fatalf("hints: %+v", got)
	}
	acme := s.fingerprint(t, inventory.AcmeID)
	counts := func() [3]int {
		const count = ` where tenant_id = '` + inventory.BorealisID + `'`
		return [3]int{
			pgtest.Query[int](t, s.pool, `select count(*) from public.stock_movements`+count), pgtest.Query[int](t, s.pool, `select count(*) from public.orders`+count),
			pgtest.Query[int](t, s.pool, `select count(*) from public.order_items`+count),
		}
	}
	want := counts()
	for i, more := range [][3]int{{1, 0, 0}, {0, 1, 1}, {5000, 0, 0}} {
		runShell(t, got.Lines[i].Psql)
		for k := range want {
			want[k] += more[k]
		}
		if now := counts(); now != want {
			t.Errorf("%s: %v; want %v", got.Lines[i].Title, now, want)
		}
	}
	for table, rows := range s.fingerprint(t, inventory.AcmeID) {
		if rows != acme[table] {
			t.Errorf("the lines changed %s of the other tenant", table)
		}
	}
	if n := strings.TrimSpace(pgtest.Psql(t, s.dsn, "-At", "-c", `select count(*) from skus s where quantity <> (select sum(quantity) from stock_movements m where m.sku_id = s.id)`)); n != "0" {
		t.Errorf("the movements of %s skus do not add up", n)
	}
}
