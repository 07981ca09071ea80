package main

import (
	"bytes"
	"fmt"
	"testing"

	"rowcast/internal/demo/inventory"
)

// TestTenantsAreApart writes rows that hold the name of their tenant in every
// column that can, in every way that touches two tenants at once, and greps
// everything that the clients of each tenant received.
func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `create table canaries (id int primary key, tenant_id text, note text, doc jsonb)`,
		`select rowcast.watch('canaries', name => 'canary')`)
	url, stop := serve(t, s, "ROWCAST_BULK_ROWS=50")
	const a, b = "tenant-canary-a", "tenant-canary-b"
	one, first := join(t, url, a, "")
	two, _ := join(t, url, b, "")

	// A token of the one joins nothing of the other.
	one.send(t, map[string]any{"type": "join-tenant", "tenantId": b})
	if m := one.until(t, "refusal", func(m message) bool { return m.Type == "error" }); m.Code != "forbidden" {
		t.Errorf("joining another tenant: %+v", m)
	}
	row := func(id int, tenant string) string {
		return fmt.Sprintf(`(%d, '%s', 'note of %[2]s', '{"k": "doc of %[2]s"}')`, id, tenant)
	}
	s.Exec(t,
		`insert into canaries values `+row(1, a)+`, `+row(2, b)+`, `+row(3, a)+`, `+row(4, b),
		`update canaries set doc = doc || '{"n": 1}'`,
		// Row 1 moves from a to b, row 2 from b to a, with all their content.
		`update canaries set tenant_id = '`+b+`', note = 'note of `+b+`', doc = '{"k": "doc of `+b+`"}' where id = 1`,
		`update canaries set tenant_id = '`+a+`', note = 'note of `+a+`', doc = '{"k": "doc of `+a+`"}' where id = 2`,
		`update canaries set tenant_id = case tenant_id when '`+a+`' then '`+b+`' else '`+a+`' end,
			note = 'note of ' || case tenant_id when '`+a+`' then '`+b+`' else '`+a+`' end,
			doc = jsonb_build_object('k', 'doc of ' || case tenant_id when '`+a+`' then '`+b+`' else '`+a+`' end)`,
		`insert into canaries select n, case n % 2 when 0 then '`+a+`' else '`+b+`' end, null, null from generate_series(100, 400) n`,
		`delete from canaries where id < 50`,
		`truncate canaries`,
		`insert into canaries values `+row(1000, a)+`, `+row(1001, b))
	last := func(m message) bool {
		return m.Event == "canary:created" && (bytes.Contains(m.Data, []byte(":1000,")) || bytes.Contains(m.Data, []byte(":1001,")))
	}
	one.until(t, "last event", last)
	two.until(t, "last event", last)

	// The same again from the history.
	late, _ := join(t, url, a, first.Cursor)
	late.until(t, "last event", last)
	stop()
	for who, c := range map[string]*client{a: one, b: two, a + " late": late} {
		other := b
		if who == b {
			other = a
		}
		received := bytes.ReplaceAll(c.raw.Bytes(), []byte(`"request":"join-tenant","tenantId":"`+b+`"`), nil)
		if i := bytes.Index(received, []byte(other)); i >= 0 {
			t.Errorf("the client of %s received %s: …%s…", who, other, received[max(0, i-200):min(len(received), i+100)])
		}
		if bytes.Contains(received, []byte(inventory.AcmeID)) {
			t.Errorf("the client of %s received something of a third tenant", who)
		}
	}
}

// TestTokenWithoutTenantJoinsNothing is the default that others get wrong.
func TestTokenWithoutTenantJoinsNothing(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	url, _ := serve(t, s)
	c, err := dialFeed(t.Context(), url, token(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	for _, tenant := range []string{inventory.AcmeID, "", "*", "%"} {
		c.send(t, map[string]any{"type": "join-tenant", "tenantId": tenant})
		if m := c.until(t, "refusal", func(m message) bool { return m.Type != "welcome" }); m.Type != "error" {
			t.Errorf("joining %q: %+v", tenant, m)
		}
	}
}
