package api_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"

	"rowcast/internal/access/auth"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/demo/inventory/api"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	secret = "a secret of at least thirty-two bytes"
	wilma  = "ac3e0000-0000-4000-8000-000000000101" // owner of Acme
	aino   = "b0ea1150-0000-4000-8000-000000000201" // owner of Borealis
)

// shop is the API on a database of its own.
type shop struct {
	http.Handler
	dsn  string
	pool *pgxpool.Pool
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{dsn: pgtest.Database(t)}
	pgtest.Inventory(t, s.dsn)
	conn := pgtest.Connect(t, s.dsn)
	if _, err := inventory.Seed(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	// One pool for the API, the other for the tests.
	var pools [2]*pgxpool.Pool
	for i := range pools {
		var err error
		if pools[i], err = pgxpool.New(t.Context(), s.dsn); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pools[i].Close)
	}
	s.pool = pools[1]
	verifier, err := auth.New(t.Context(), auth.Options{Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	s.Handler, err = api.New(api.Options{
		Pool: pools[0], DatabaseURL: s.dsn, Secret: []byte(secret), Gate: servetest.Gate(t, transport.GateOptions{Verify: verifier.Verify}), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func token(t *testing.T, subject string, tenants ...string) string {
	t.Helper()
	text, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: subject, Role: "clerk", Tenants: tenants}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// ask sends a request, with a token unless it is empty.
func (s *shop) ask(t *testing.T, token, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// does sends a request that has to succeed with a status, and decodes the
// answer strictly.
func does[T any](t *testing.T, s *shop, token, method, path, body string, status int) (value T) {
	t.Helper()
	w := s.ask(t, token, method, path, body)
	if w.Code != status || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%s %s: %d %v %s; want %d", method, path, w.Code, w.Header(), w.Body, status)
	}
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&value); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return value
}

// refuses sends a request that has to be refused with a problem document that
// says something.
func (s *shop) refuses(t *testing.T, token, method, path, body string, status int, code, says string) {
	t.Helper()
	w := s.ask(t, token, method, path, body)
	if got, detail := raw.Problem(t, w.Result()); w.Code != status || got != code || !strings.Contains(detail, says) {
		t.Errorf("%s %s %.200s: %d %s %s; want %d, %s, %q", method, path, body, w.Code, got, detail, status, code, says)
	}
}

func (s *shop) skuID(t *testing.T, code string) string {
	t.Helper()
	return pgtest.Query[string](t, s.pool, `select id from public.skus where sku = $1`, code)
}

func (s *shop) orderID(t *testing.T, tenant, number string) string {
	t.Helper()
	return pgtest.Query[string](t, s.pool, `select id from public.orders where tenant_id = $1 and order_number = $2`, tenant, number)
}

func (s *shop) purchaseID(t *testing.T, tenant, number string) string {
	t.Helper()
	return pgtest.Query[string](t, s.pool, `select id from public.purchase_orders where tenant_id = $1 and po_number = $2`, tenant, number)
}

// fingerprint is everything that a tenant has, whatever the token.
func (s *shop) fingerprint(t *testing.T, tenant string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, table := range []string{
		"users", "suppliers", "products", "skus", "stock_movements", "orders", "order_items", "purchase_orders", "purchase_order_items",
	} {
		all[table] = pgtest.Query[string](t, s.pool, `select string_agg(r::text, e'\n' order by id) from public.`+table+` r where tenant_id = $1`, tenant)
	}
	return all
}
