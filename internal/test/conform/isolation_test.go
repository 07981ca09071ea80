package conform_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// TestIsolation tries what must not work, and writes to two tenants at once.
func TestIsolation(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	onEvery(t, s, wires, func(t *testing.T, l *line) {
		server := l.servers()[0]
		other := *l
		other.Tenant = s.NewTenant(t)
		forged, err := auth.Mint([]byte(strings.Repeat("x", 32)), auth.MintClaims{Subject: "s", Tenants: []string{l.ID}}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			token, tenant string
			codes         string
		}{
			"another tenant":                    {servetest.Token(t, other.ID), l.ID, "forbidden"},
			"no tenant":                         {servetest.Token(t), l.ID, "forbidden"},
			"a pattern":                         {servetest.Token(t, l.ID), "%", "forbidden"},
			"a forged token":                    {forged, l.ID, "invalid-token"},
			"no token":                          {"", l.ID, "invalid-token forbidden"},
			"half a token":                      {servetest.Token(t, l.ID)[:40], l.ID, "invalid-token"},
			"another tenant, spelled otherwise": {servetest.Token(t, other.ID), strings.ToUpper(l.ID), "forbidden"},
		} {
			_, err := l.tryJoin(t, server, func(q *request) { q.token, q.tenant = c.token, c.tenant })
			refused, ok := errors.AsType[*refusal](err)
			if !ok || !strings.Contains(c.codes, refused.code) {
				t.Errorf("%s: %v; want %s", name, err, c.codes)
			}
		}

		one, two := l.join(t, server), other.join(t, server)
		for _, statement := range []string{
			`insert into orders (tenant_id, customer) values ($1, 'of ' || $1), ($2, 'of ' || $2), ($1, 'of ' || $1)`,
			`update orders set status = 'processing' where tenant_id in ($1, $2)`,
			`insert into orders (tenant_id, customer) select case n % 2 when 0 then $1::uuid else $2::uuid end, 'bulk' from generate_series(1, 2020) n`,
			`delete from orders where tenant_id in ($1, $2) and customer <> 'bulk'`,
		} {
			statement = strings.NewReplacer("$1", "'"+l.ID+"'", "$2", "'"+other.ID+"'").Replace(statement)
			pgtest.Exec(t, s.DB, statement)
		}
		twoRows := []string{"order:updated@3", "order:status-changed@3", "order:updated@4", "order:status-changed@4"}
		one.receives(t, "order:created@1", "order:created@2")
		one.receives(t, twoRows...)
		one.receives(t, "order:bulk@5-1014", "order:deleted@1015", "order:deleted@1016")
		two.receives(t, "order:created@1", "order:updated@2", "order:status-changed@2", "order:bulk@3-1012", "order:deleted@1013")
		late := l.join(t, server, from(one.joined.Cursor))
		late.events(t, 9)
		for _, c := range []struct {
			f     *client
			other string
		}{{one, other.ID}, {late, other.ID}, {two, l.ID}} {
			if text := strings.Join(c.f.heard, "\n"); strings.Contains(text, c.other) {
				at := strings.Index(text, c.other)
				t.Errorf("a client has received something of another tenant: %s", text[max(0, at-200):min(len(text), at+200)])
			}
		}
	})
}
