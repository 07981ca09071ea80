package main

import (
	"fmt"
	"testing"
)

// TestJoinEveryTenantAtOnce joins as many tenants as a connection may, as fast
// as a client can that comes back, and one more.
func TestJoinEveryTenantAtOnce(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	url, _ := serve(t, s)
	const limit = 128
	var tenants []string
	for n := range limit + 1 {
		tenants = append(tenants, fmt.Sprintf("tenant-%d", n))
	}
	c, err := dialFeed(t.Context(), url, token(t, tenants...))
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	for _, tenant := range tenants {
		c.send(t, map[string]any{"type": "join-tenant", "tenantId": tenant})
	}
	joined := map[string]bool{}
	refused := c.until(t, "128 joins and a refusal", func(m message) bool {
		if m.Type == "joined" {
			joined[m.TenantID] = true
		}
		return m.Type == "error"
	})
	if refused.Code != "limit-exceeded" || refused.TenantID != tenants[limit] {
		t.Errorf("the last join is answered with %+v", refused)
	}
	for len(joined) < limit {
		m := c.until(t, "join", func(m message) bool { return m.Type == "joined" })
		joined[m.TenantID] = true
	}
}
