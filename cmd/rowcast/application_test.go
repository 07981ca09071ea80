package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/postgres"
)

// browser asks a demo as a page does.
type browser struct {
	page, token string
}

// ask sends a request and gives status, header and the decoded answer.
func (b *browser) ask(t *testing.T, method, path, body string, header ...string) (int, http.Header, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.page+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatalf("%s %s: %s: %v", method, path, response.Status, err)
		}
	}
	return response.StatusCode, response.Header, answer
}

// login becomes the owner of a tenant and joins its feed.
func (d *demonstration) login(t *testing.T, tenant, user string) (*browser, *client) {
	t.Helper()
	b := &browser{page: d.page}
	status, _, answer := b.ask(t, http.MethodPost, "/api/login", `{"tenantId":"`+tenant+`","userId":"`+user+`"}`)
	b.token, _ = answer["token"].(string)
	if status != http.StatusOK || b.token == "" {
		t.Fatalf("login: %d %v", status, answer)
	}
	c, err := dialFeed(t.Context(), d.url, b.token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	c.send(t, map[string]any{"type": "join-tenant", "tenantId": tenant})
	c.until(t, "joined", func(m message) bool { return m.Type == "joined" })
	return b, c
}

// witness changes a sku of a tenant, so that its feed has an event that comes
// after all others.
func (d *demonstration) witness(t *testing.T, sku string) {
	t.Helper()
	err := postgres.With(t.Context(), postgres.Connect, d.dsn, "witness", func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "update skus set name = name || '.' where sku = $1", sku)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// untilWitness reads events up to that of the witness.
func (c *client) untilWitness(t *testing.T) (before []message, last message) {
	t.Helper()
	last = c.until(t, "the witness", func(m message) bool {
		if m.Type != "event" || m.Event == "dashboard:stats-updated" {
			return false
		}
		if m.Source.Writer == "witness" {
			return true
		}
		before = append(before, m)
		return false
	})
	return before, last
}

// TestWritesMakeTheirEvents does everything that the pages can do, on a real
// demo, and looks at all that the clients of both tenants receive.
func TestWritesMakeTheirEvents(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--rate", "0")
	me, feed := d.login(t, inventory.AcmeID, "ac3e0000-0000-4000-8000-000000000101")
	_, foreign := d.login(t, inventory.BorealisID, "b0ea1150-0000-4000-8000-000000000201")
	id := func(query string) (id string) {
		err := postgres.With(t.Context(), postgres.Connect, d.dsn, "reader", func(ctx context.Context, conn *pgx.Conn) error {
			return conn.QueryRow(ctx, query+" and tenant_id = $1", inventory.AcmeID).Scan(&id)
		})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return id
	}
	tent, sock := id("select id from skus where sku = 'TENT-2P'"), id("select id from skus where sku = 'SOCK-41'")
	two := `"items":[{"skuId":"` + tent + `","quantity":2},{"skuId":"` + sock + `","quantity":1}]}`
	from := id("select id from suppliers where name = 'Nordwand Textil'")

	const (
		status  = "order:updated order:status-changed"
		bought  = "purchase-order:updated purchase-order:status-changed"
		moved   = " stock-movement:created stock-movement:created sku:updated sku:updated"
		problem = ""
	)
	created := map[string]string{} // the ids of what was created, by path
	d.witness(t, "SOCK-38")
	_, last := feed.untilWitness(t)
	for _, test := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"/api/orders", `{"customer":"Ada",` + two, http.StatusCreated, "order:created"},
		{"/api/orders/{/api/orders}/fulfil", "", http.StatusOK, status + " order:shipped" + moved},
		{"/api/orders/{/api/orders}/fulfil", "", http.StatusConflict, problem},
		{"/api/orders", `{"customer":"Bob",` + two, http.StatusCreated, "order:created"},
		{"/api/orders/{/api/orders}/cancel", "", http.StatusOK, status},
		{"/api/orders/{/api/orders}/cancel", "", http.StatusConflict, problem},
		{"/api/orders", `{"customer":"",` + two, http.StatusBadRequest, problem},
		{"/api/purchase-orders", `{"supplierId":"` + from + `",` + two, http.StatusCreated, "purchase-order:created"},
		{"/api/purchase-orders/{/api/purchase-orders}/receive", "", http.StatusConflict, problem},
		{"/api/purchase-orders/{/api/purchase-orders}/send", "", http.StatusOK, bought},
		{"/api/purchase-orders/{/api/purchase-orders}/receive", "", http.StatusOK, bought + " purchase-order:received" + moved},
		{"/api/skus/" + tent + "/adjust", `{"quantity":-1,"reason":"damaged"}`, http.StatusCreated, "stock-movement:created stock:adjusted sku:updated"},
		{"/api/skus/" + tent + "/adjust", `{"quantity":-99999,"reason":"damaged"}`, http.StatusConflict, problem},
		{"/api/skus/" + sock + "/adjust", `{"quantity":-76,"reason":"moths"}`, http.StatusCreated, "stock-movement:created stock:adjusted alert:low-stock sku:updated"},
		{"/api/token", "", http.StatusOK, problem},
	} {
		path := test.path
		for name, id := range created {
			path = strings.ReplaceAll(path, "{"+name+"}", id)
		}
		code, _, answer := me.ask(t, http.MethodPost, path, test.body)
		if code != test.status {
			t.Fatalf("%s: %d %v; want %d", path, code, answer, test.status)
		}
		if code == http.StatusCreated {
			created[test.path], _ = answer["id"].(string)
		}
		d.witness(t, "SOCK-38")
		got, witness := feed.untilWitness(t)
		if names(got) != test.want {
			t.Errorf("%s %s makes\n%s; want\n%s", test.path, test.body, names(got), test.want)
		}
		position := last.Position
		for _, m := range append(got, witness) {
			if m.Position != position && m.Position != position+1 || m.TenantID != inventory.AcmeID {
				t.Errorf("%s: %s of %s at %d follows %d", test.path, m.Event, m.TenantID, m.Position, position)
			}
			position = m.Position
		}
		for _, m := range got {
			if m.Source.Writer != "app" || m.Source.Tx != got[0].Source.Tx {
				t.Errorf("%s: %s is of %+v; want one transaction of the app", test.path, m.Event, m.Source)
			}
			if changed := strings.Join(m.Changed, " "); strings.HasSuffix(m.Event, "order:updated") && changed != "status updated_at" {
				t.Errorf("%s: %s changed %s", test.path, m.Event, changed)
			}
		}
		last = witness
	}
	d.witness(t, "AUR-250")
	if got, _ := foreign.untilWitness(t); len(got) > 0 {
		t.Errorf("the other tenant has heard of %s", names(got))
	}
}

// TestDemoServesPages asks the public listener of a demo, and of a plain
// server.
func TestDemoServesPages(t *testing.T) {
	t.Parallel()
	p := spawn(t, []string{"FRONTEND_URL=https://app.example"}, "demo", "--rate", "0")
	p.Says(t, &p.Out, `\nCtrl-C`)
	if first, _, _ := strings.Cut(strings.TrimSpace(p.Out.String()), "\n"); !strings.Contains(first, ": open http://127.0.0.1:") {
		t.Errorf("the demo begins with %q", first)
	}
	b := &browser{page: p.Says(t, &p.Out, `open (http://\S+)`)[1]}
	for _, test := range []struct {
		method, path string
		status       int
		kind         string
	}{
		{http.MethodGet, "/", http.StatusOK, "text/html"},
		{http.MethodGet, "/orders/7", http.StatusOK, "text/html"},
		{http.MethodGet, "/none.js", http.StatusNotFound, "problem+json"},
		{http.MethodPost, "/orders", http.StatusMethodNotAllowed, "problem+json"},
		{http.MethodGet, "/api", http.StatusNotFound, "problem+json"},
		{http.MethodGet, "/api/", http.StatusNotFound, "problem+json"},
		{http.MethodGet, "/api/none", http.StatusNotFound, "problem+json"},
		{http.MethodGet, "/api/orders", http.StatusUnauthorized, "problem+json"},
		{http.MethodGet, "/events", http.StatusUnauthorized, "problem+json"},
		{http.MethodGet, "/history", http.StatusUnauthorized, "problem+json"},
		{http.MethodGet, "/tickets", http.StatusMethodNotAllowed, "problem+json"},
	} {
		status, header, _ := b.ask(t, test.method, test.path, "")
		if kind := header.Get("Content-Type"); status != test.status || !strings.Contains(kind, test.kind) {
			t.Errorf("%s %s: %d %s; want %d %s", test.method, test.path, status, kind, test.status, test.kind)
		}
	}
	for origin, want := range map[string]string{"https://app.example": "https://app.example", "https://evil.example": ""} {
		_, header, _ := b.ask(t, http.MethodOptions, "/api/orders", "", "Origin", origin,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
		if got := header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("origin %s is answered with %q; want %q", origin, got, want)
		}
	}

	url, _ := serve(t, newEnv(t))
	plain := &browser{page: strings.TrimSuffix(strings.Replace(url, "ws://", "http://", 1), "/ws")}
	for _, path := range []string{"/", "/orders", "/api/tenants", "/api/login"} {
		if status, _, _ := plain.ask(t, http.MethodGet, path, ""); status != http.StatusNotFound {
			t.Errorf("serve answers %s with %d", path, status)
		}
	}
}
