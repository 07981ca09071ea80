package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/servetest"
)

// acknowledged sends an event of Socket.IO and gives what it is acknowledged with.
func acknowledged(t *testing.T, wsURL, token, event string) string {
	t.Helper()
	c := dialSocketIO(t, wsURL, nil, `40{"token":"`+token+`"}`, "420"+event)
	defer c.Close()
	for {
		if answer, ok := strings.CutPrefix(c.Next(), "430"); ok {
			return answer
		}
	}
}

// TestTenantsHaveOneName: however a token, a request or a revocation spells a tenant,
// it is the one that the database takes it for, on every wire, and answers carry its
// one name.
func TestTenantsHaveOneName(t *testing.T) {
	t.Parallel()
	const acme = inventory.AcmeID
	upper, bare := strings.ToUpper(acme), strings.ReplaceAll(acme, "-", "")
	s := newEnv(t)
	feed, _ := serve(t, s)
	for _, test := range []struct{ token, request string }{{acme, upper}, {upper, acme}, {upper, "{" + bare + "}"}, {bare, upper}} {
		who := token(t, test.token)
		c, err := dialFeed(t.Context(), feed, who)
		if err != nil {
			t.Fatal(err)
		}
		c.send(t, map[string]any{"type": "join-tenant", "tenantId": test.request, "events": []string{"order:created"}})
		if m := c.until(t, "joined", func(m message) bool { return m.Type == "joined" }); m.TenantID != acme || strings.Contains(c.raw.String(), "hint") {
			t.Errorf("%+v: %s", test, c.raw.String())
		}
		s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+acme+`', gen_random_uuid(), 'x')`)
		if got := c.events(t, "order:created"); got[0].TenantID != acme {
			t.Errorf("%+v: %+v", test, got)
		}
		c.send(t, map[string]any{"type": "leave-tenant", "tenantId": test.request})
		if m := c.until(t, "left", func(m message) bool { return m.Type == "left" }); m.TenantID != acme {
			t.Errorf("%+v: %+v", test, m)
		}
		_ = c.conn.Close()
		answer := acknowledged(t, feed, who, `["join-tenant",{"tenantId":"`+test.request+`"}]`)
		if !strings.HasPrefix(answer, `[{"ok":true,"tenantId":"`+acme+`"`) {
			t.Errorf("%+v: Socket.IO acknowledges %s", test, answer)
		}
		status, body := request(t, http.MethodGet, httpURL(feed, "/history", url.Values{"tenant": {test.request}, "events": {"order:created"}}), who, "")
		if status != http.StatusOK || !strings.Contains(body, `"tenantId":"`+acme+`"`) {
			t.Errorf("%+v: /history answers %d %.200s", test, status, body)
		}
		connectEvents(t, feed, who, test.request) // waits until it has joined
	}
	environ := []string{"DATABASE_URL=" + s.DSN}
	for _, name := range []string{upper, acme} {
		c := connectNative(t, feed, token(t, bare), acme)
		code, stdout, stderr := rowcast(t, environ, "revoke", "--tenant", name)
		if code != program.ExitOK {
			t.Fatalf("revoke: %d %s %s", code, stdout, stderr)
		}
		if end := c.wait(); !strings.Contains(end, "4505") {
			t.Errorf("%s is revoked, and a client of it sees %s", name, end)
		}
		s.Exec(t, "select rowcast.unrevoke(r.id) from rowcast.revocation r")
		for status := 0; status != http.StatusOK; {
			status, _ = request(t, http.MethodGet, httpURL(feed, "/history", nil), token(t, acme), "")
		}
	}
	for _, args := range [][]string{
		{"history", "--tenant", upper, "--limit", "1"},
		{"tail", "--tenant", upper, "--from", "beginning", "--count", "1"},
		{"replay", "--tenant", upper, "--first", "1", "--last", "1", "--dry-run"},
	} {
		if code, stdout, stderr := rowcast(t, environ, args...); code != program.ExitOK || !strings.Contains(stdout, acme) && args[0] == "replay" || stdout == "" {
			t.Errorf("%q: %d %q %q", args, code, stdout, stderr)
		}
	}
}

// TestIntegerTenants: a tenant that is a number may be written as one, everywhere.
func TestIntegerTenants(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	s.Exec(t, `select rowcast.unwatch(w.relation) from rowcast.watched w where w.active`,
		`create table bills (id int primary key, account bigint)`, `select rowcast.watch('bills', tenant_column => 'account', name => 'bill')`)
	feed, _ := serve(t, s)
	for n, claim := range []any{42, "42", "042", []any{"+42", 42}, json.Number("42")} {
		who, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"exp": 99_999_999_999, "tenants": claim}).SignedString([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []any{42, "42", "042", " 42", json.Number("42")} {
			c, err := dialFeed(t.Context(), feed, who)
			if err != nil {
				t.Fatal(err)
			}
			c.send(t, map[string]any{"type": "join-tenant", "tenantId": name})
			if m := c.until(t, "joined", func(m message) bool { return m.Type == "joined" }); m.TenantID != "42" {
				t.Errorf("%v, %v: joined %+v", claim, name, m)
			}
			c.send(t, map[string]any{"type": "leave-tenant", "tenantId": name})
			c.until(t, "left", func(m message) bool { return m.Type == "left" && m.TenantID == "42" })
			_ = c.conn.Close()
		}
		for _, arg := range []string{`42`, `"42"`, `"042"`, `{"tenantId":42}`, `{"tenantId":"42"}`} {
			if answer := acknowledged(t, feed, who, `["join-tenant",`+arg+`]`); !strings.HasPrefix(answer, `[{"ok":true,"tenantId":"42"`) {
				t.Errorf("%v, %s: Socket.IO acknowledges %s", claim, arg, answer)
			}
		}
		if n == 0 {
			s.Exec(t, `insert into bills values (1, 42)`)
		}
		status, body := request(t, http.MethodGet, httpURL(feed, "/history", url.Values{"tenant": {"042"}}), who, "")
		for !strings.Contains(body, `"bill:created"`) && status == http.StatusOK { // until it is sealed
			status, body = request(t, http.MethodGet, httpURL(feed, "/history", url.Values{"tenant": {"042"}}), who, "")
		}
	}
	c, err := dialFeed(t.Context(), feed, token(t, "42"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	for _, odd := range []any{4.5, json.Number("42e0"), true, []int{42}, map[string]int{}} {
		c.send(t, map[string]any{"type": "join-tenant", "tenantId": odd})
		c.until(t, "refusal", func(m message) bool { return m.Type == "error" && m.Code == "bad-request" })
		if c.raw.Reset(); odd == json.Number("42e0") {
			_ = c.conn.Close()
			if c, err = dialFeed(t.Context(), feed, token(t, "42")); err != nil { // a third would end the session
				t.Fatal(err)
			}
		}
	}
}

// TestDoubtfulTenantsAreReported: who joins a tenant that no row can have is told so, and
// so is the log, once.
func TestDoubtfulTenantsAreReported(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	log := new(servetest.Transcript)
	feed := startLogging(t, s, slog.New(slog.NewTextHandler(log, nil))).url
	for range 2 {
		if c, _ := join(t, feed, "acme", ""); !strings.Contains(c.raw.String(), `"hint":"no row has this tenant: the tenant columns are of type uuid"`) {
			t.Errorf("joined: %s", c.raw.String())
		}
		answer := acknowledged(t, feed, token(t, "acme"), `["join-tenant","acme"]`)
		if !strings.Contains(answer, `"hint":"no row has`) {
			t.Errorf("Socket.IO acknowledges %s", answer)
		}
	}
	if said := log.String(); strings.Count(said, "may never have a change") != 1 || !strings.Contains(said, "tenant=acme") {
		t.Errorf("the log says %s", said)
	}
}

// TestUnknownStemsAreReported: who asks for events that no watched table has is told so.
func TestUnknownStemsAreReported(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	feed, _ := serve(t, s)
	for _, test := range []struct {
		events []string
		hinted bool
	}{
		{nil, false},
		{[]string{"*"}, false},
		{[]string{"order:*", "alert:low-stock", "stock:adjusted", "dashboard:stats-updated"}, false},
		{[]string{"order:*", "ordr:*"}, true},
		{[]string{"Order:created"}, true},
	} {
		c, _ := join(t, feed, inventory.AcmeID, "", test.events...)
		if said := c.raw.String(); strings.Contains(said, "hint") != test.hinted || test.hinted && !strings.Contains(said, "has events "+test.events[len(test.events)-1][:4]) {
			t.Errorf("%q: %s", test.events, said)
		}
	}
}
