package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
)

func TestConflicts(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	lantern := s.skuID(t, "LANTERN")
	left := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, lantern)
	large := does[orderDetail](t, s, me, http.MethodPost, "/api/orders",
		fmt.Sprintf(`{"customer":"me","items":[{"skuId":"%s","quantity":%d},{"skuId":"%s","quantity":1}]}`, lantern, left+1, s.skuID(t, "TENT-2P")), http.StatusCreated)
	before := s.fingerprint(t, inventory.AcmeID)
	order := func(number string) string { return "/api/orders/" + s.orderID(t, inventory.AcmeID, number) }
	purchase := func(number string) string {
		return "/api/purchase-orders/" + s.purchaseID(t, inventory.AcmeID, number)
	}
	for _, test := range []struct{ path, body, says string }{
		{"/api/orders/" + large.ID + "/fulfil", "", fmt.Sprintf("wants %d of LANTERN and there are %d", left+1, left)},
		{order("SO-1001") + "/fulfil", "", "order SO-1001 is fulfilled"},
		{order("SO-1001") + "/cancel", "", "order SO-1001 is fulfilled; to be cancelled it has to be pending or processing"},
		{order("SO-1004") + "/fulfil", "", "order SO-1004 is cancelled"},
		{order("SO-1004") + "/cancel", "", "order SO-1004 is cancelled"},
		{purchase("PO-508") + "/receive", "", "purchase order PO-508 is draft"},
		{purchase("PO-501") + "/receive", "", "purchase order PO-501 is received"},
		{purchase("PO-504") + "/receive", "", "purchase order PO-504 is cancelled"},
		{purchase("PO-506") + "/send", "", "purchase order PO-506 is sent; to be sent it has to be draft"},
		{"/api/skus/" + lantern + "/adjust", fmt.Sprintf(`{"quantity":%d,"reason":"x"}`, -left-1), fmt.Sprintf("there are %d of LANTERN; %d cannot", left, left+1)},
	} {
		s.refuses(t, me, http.MethodPost, test.path, test.body, http.StatusConflict, "conflict", test.says)
	}
	if diff := cmp.Diff(before, s.fingerprint(t, inventory.AcmeID)); diff != "" {
		t.Errorf("what was refused changed something:\n%s", diff)
	}
}

// atOnce sends one request several times while a lock holds all of them, and
// counts the statuses.
func (s *shop) atOnce(t *testing.T, n int, lock, id, path, body string) map[int]int {
	t.Helper()
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), lock, id); err != nil {
		t.Fatal(err)
	}
	me := token(t, wilma, inventory.AcmeID)
	answers := make(chan int, n)
	var clients sync.WaitGroup
	for range n {
		clients.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+me)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			answers <- w.Code
		})
	}
	// All of them wait, for the lock or in the queue of the pool, or have ended
	// too soon.
	const waiting = `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
	for deadline := time.Now().Add(time.Minute); pgtest.Query[int](t, s.pool, waiting) < min(n, 2) && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	clients.Wait()
	close(answers)
	counts := make(map[int]int)
	for code := range answers {
		counts[code]++
	}
	return counts
}

func TestOrderIsFulfilledOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.orderID(t, inventory.AcmeID, "SO-1024") // two of JKT-L
	jacket := s.skuID(t, "JKT-L")
	before := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, jacket)
	got := s.atOnce(t, 2, `select from public.orders where id = $1 for update`, id, "/api/orders/"+id+"/fulfil", "")
	if want := (map[int]int{http.StatusOK: 1, http.StatusConflict: 1}); !cmp.Equal(got, want) {
		t.Errorf("the answers are %v; want %v", got, want)
	}
	if after := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, jacket); after != before-2 {
		t.Errorf("there were %d and are %d", before, after)
	}
	if n := pgtest.Query[int](t, s.pool, `select count(*) from public.stock_movements where tenant_id = $1 and reference = 'SO-1024'`, inventory.AcmeID); n != 1 {
		t.Errorf("%d movements", n)
	}
}

func TestStockNeverNegative(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	lantern := s.skuID(t, "LANTERN")
	left := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, lantern)
	const each = 4
	want := map[int]int{http.StatusCreated: left / each, http.StatusConflict: 6 - left/each}
	got := s.atOnce(t, 6, `select from public.skus where id = $1 for update`, lantern, "/api/skus/"+lantern+"/adjust", `{"quantity":-4,"reason":"damaged"}`)
	if !cmp.Equal(got, want) {
		t.Errorf("the answers are %v; want %v", got, want)
	}
	if after := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, lantern); after != left%each {
		t.Errorf("there were %d and are %d", left, after)
	}
	// Two orders that want the last one.
	if _, err := s.pool.Exec(t.Context(), `update public.orders set status = 'pending' where tenant_id = $1`, inventory.AcmeID); err != nil {
		t.Fatal(err)
	}
	tent := s.skuID(t, "TENT-2P")
	me := token(t, wilma, inventory.AcmeID)
	tents := pgtest.Query[int](t, s.pool, `select quantity from public.skus where id = $1`, tent)
	does[movement](t, s, me, http.MethodPost, "/api/skus/"+tent+"/adjust", fmt.Sprintf(`{"quantity":%d,"reason":"damaged"}`, 1-tents), http.StatusCreated)
	codes := make(chan int, 2)
	var clerks sync.WaitGroup
	for range 2 {
		o := does[orderDetail](t, s, me, http.MethodPost, "/api/orders", `{"customer":"me","items":[{"skuId":"`+tent+`","quantity":1}]}`, http.StatusCreated)
		clerks.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/orders/"+o.ID+"/fulfil", nil)
			r.Header.Set("Authorization", "Bearer "+me)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			codes <- w.Code
		})
	}
	clerks.Wait()
	if sum := <-codes + <-codes; sum != http.StatusOK+http.StatusConflict {
		t.Errorf("the two answers add up to %d", sum)
	}
}

// TestDatabaseIsAway cuts the database off.
func TestDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	me := token(t, wilma, inventory.AcmeID)
	name := pgtest.Query[string](t, s.pool, `select current_database()`)
	pgtest.Admin(t, pgtest.Server(t), `alter database `+name+` allow_connections false`,
		`select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = '`+name+`'`)
	for _, route := range [][2]string{{http.MethodGet, "/api/dashboard"}, {http.MethodGet, "/api/tenants"}, {http.MethodPost, "/api/token"}} {
		s.refuses(t, me, route[0], route[1], "", http.StatusServiceUnavailable, "unavailable", "try again")
	}
	pgtest.Admin(t, pgtest.Server(t), `alter database `+name+` allow_connections true`)
	does[dashboard](t, s, me, http.MethodGet, "/api/dashboard", "", http.StatusOK)
}
