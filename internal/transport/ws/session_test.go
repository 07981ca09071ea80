package ws_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"rowcast/internal/hub/room"
	"rowcast/internal/test/raw"
	"rowcast/internal/transport/ws"
)

// TestTenantsComeFromTheToken: one client for each tenant, a canary in each
// event. Nobody sees that of another.
func TestTenantsComeFromTheToken(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	clients := map[string]*client{}
	for _, tenant := range []string{"T", "U"} {
		c := b.connect(t, "ann_"+tenant+"_1h")
		for _, other := range []string{"T", "U", "", "t", "T ", "*", "T-U", "T\\u0000"} {
			if other == tenant {
				continue
			}
			c.say(`{"type":"join-tenant","tenantId":"%s"}`, other)
			if other == "" {
				c.refused("bad-request")
			} else {
				c.refused("forbidden")
			}
		}
		c.say(`{"type":"join-tenant","tenantId":%q}`, tenant)
		c.expect("joined")
		clients[tenant] = c
	}
	nobody := b.connect(t, "ann__1h")
	nobody.say(`{"type":"join-tenant","tenantId":"T"}`)
	nobody.refused("forbidden")
	for range 50 {
		b.event("T", "canary of T")
		b.event("U", "canary of U")
	}
	for tenant, c := range clients {
		for i := range 50 {
			m := c.expect("event")
			if m.TenantID != tenant || m.Data.Text != "canary of "+tenant || m.Position != int64(i+1) {
				t.Fatalf("the client of %s got %+v", tenant, m)
			}
		}
		c.say(`{"type":"leave-tenant","tenantId":%q}`, tenant)
		c.expect("left")
	}
	nobody.say(`{"type":"ping"}`)
	nobody.expect("pong")
}

func TestLongTenantIsRefusedWhole(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for _, tenant := range []string{strings.Repeat("a", 255), "x" + strings.Repeat("é", 127), strings.Repeat("语", 5000)} {
		c := b.connect(t, "ann_T-"+tenant+"_1h")
		c.say(`{"type":"join-tenant","tenantId":%q}`, tenant)
		c.expect("joined")
		c.say(`{"type":"join-tenant","tenantId":%q,"events":["?"]}`, tenant)
		if m := c.refused("bad-request"); m.TenantID != tenant {
			t.Errorf("a bad filter of %.20q: %+v", tenant, m)
		}
		c.say(`{"type":"auth","token":"ann_T_1h"}`)
		c.expect("left")
		if m := c.refused("forbidden"); m.TenantID != tenant || m.Request != "auth" {
			t.Errorf("a token without %.20q: %+v", tenant, m)
		}
		c.say(`{"type":"join-tenant","tenantId":%q}`, tenant)
		if m := c.refused("forbidden"); m.TenantID != tenant || m.Request != "join-tenant" {
			t.Errorf("joining %.20q: %+v", tenant, m)
		}
	}
}

func TestFreshToken(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	c := b.joined(t, "ann_T-U_1h", "T")
	c.say(`{"type":"join-tenant","tenantId":"U"}`)
	c.expect("joined")
	c.say(`{"type":"auth","token":"bob_T-U_1h"}`) // another subject
	c.refused("forbidden")
	c.say(`{"type":"auth","token":"forged"}`) // the old one stays good
	c.refused("invalid-token")
	b.event("U", "still")
	c.expect("event")
	c.say(`{"type":"auth","token":"ann_T_1h"}`) // fewer tenants
	if m := c.expect("left"); m.TenantID != "U" {
		t.Fatalf("left %+v", m)
	}
	if m := c.refused("forbidden"); m.TenantID != "U" || m.Request != "auth" {
		t.Fatalf("error %+v", m)
	}
	b.event("U", "canary")
	b.event("T", "mine")
	if m := c.expect("event"); m.Data.Text != "mine" {
		t.Fatalf("got %+v", m)
	}
	c.say(`{"type":"join-tenant","tenantId":"U"}`)
	c.refused("forbidden")
}

func TestBadFirstToken(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for token, code := range map[string]int{"forged": 4501, "expired": 4003, "unavailable": 1013} {
		c := b.connect(t, "")
		c.say(`{"type":"auth","token":%q}`, token)
		c.expect("error")
		c.ended(code, "")
	}
}

// TestJoinedReportsTheFilter: a connection has one filter for each tenant, and every
// answer to a join tells the one in effect, also if it replaces another.
func TestJoinedReportsTheFilter(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	c := b.connect(t, annOfT)
	for events, wanted := range map[string]string{
		`["order:*"]`: "[order:*]", `["sku:created","stock:*"]`: "[sku:created stock:*]", `[]`: "[]", `null`: "[]", `["order:*","*"]`: "[]",
	} {
		c.say(`{"type":"join-tenant","tenantId":"T","events":%s}`, events)
		if m := c.expect("joined"); fmt.Sprint(m.Events) != wanted {
			t.Errorf("%s: joined %+v", events, m)
		}
	}
	c.say(`{"type":"join-tenant","tenantId":"T","events":["sku:*"]}`)
	c.expect("joined")
	c.say(`{"type":"join-tenant","tenantId":"T","events":["order:*"]}`)
	c.expect("joined")
	b.event("T", "one")
	if m := c.expect("event"); m.Event != "order:created" {
		t.Errorf("event %+v", m)
	}
}

func TestFilterAndCursor(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	some := b.connect(t, annOfT)
	some.say(`{"type":"join-tenant","tenantId":"T","events":["stock:*"]}`)
	some.expect("joined")
	some.say(`{"type":"join-tenant","tenantId":"T","events":["nonsense"]}`)
	some.refused("bad-request")
	all := b.joined(t, annOfT, "T")
	b.event("T", "one")
	first := all.expect("event")
	b.event("T", "two")
	all.expect("event")
	again := b.connect(t, annOfT)
	again.say(`{"type":"join-tenant","tenantId":"T","events":["order:*"],"cursor":%q}`, first.Cursor)
	if m := again.expect("joined"); m.Cursor != first.Cursor || m.Position != 1 {
		t.Fatalf("joined %+v", m)
	}
	if m := again.expect("event"); m.Data.Text != "two" || m.Position != 2 {
		t.Fatalf("event %+v", m)
	}
	again.say(`{"type":"join-tenant","tenantId":"T","cursor":"garbage"}`)
	again.expect("joined")
	if m := again.expect("reset"); m.Reason != "invalid" || m.Position != 2 {
		t.Fatalf("reset %+v", m)
	}
	some.say(`{"type":"ping"}`)
	some.expect("pong") // and no event
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	fill := func(n int) string { return `{"type":"ping","x":"` + strings.Repeat("x", n-22) + `"}` }
	b := setup(t, nil, func(ho *room.Options) { ho.MaxTenants = 2 })
	for name, test := range map[string]func(c *client){
		"the longest message": func(c *client) {
			c.say("%s", fill(limit))
			c.expect("pong")
		},
		"a longer message": func(c *client) {
			c.say("%s", fill(limit+1))
			c.ended(websocket.CloseMessageTooBig, "message-too-big")
		},
		"a much longer message": func(c *client) {
			_ = c.WriteMessage(websocket.TextMessage, []byte(fill(16<<20))) // the server may stop reading
			c.ended(websocket.CloseMessageTooBig, "message-too-big")
		},
		"binary": func(c *client) {
			_ = c.WriteMessage(websocket.BinaryMessage, []byte("x"))
			c.ended(4500, "bad-request")
		},
		"three bad commands": func(c *client) {
			c.say(`{"type":"jump"}`)
			c.refused("bad-request")
			c.say(`{"type":"join-tenant","tenantId":{}}`)
			c.refused("bad-request")
			c.say(`nonsense`)
			c.refused("bad-request")
			c.ended(4500, "bad-request")
		},
		"rate": func(c *client) {
			for range 500 {
				if c.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`)) != nil {
					break
				}
			}
			c.ended(4006, "rate-limited")
		},
		"rate of pings": func(c *client) {
			for range 500 {
				if c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) != nil {
					break
				}
			}
			c.ended(4006, "rate-limited")
		},
		"tenants": func(c *client) {
			for _, tenant := range []string{"A", "B"} {
				c.say(`{"type":"join-tenant","tenantId":%q}`, tenant)
				c.expect("joined")
			}
			c.say(`{"type":"join-tenant","tenantId":"C"}`)
			c.refused("limit-exceeded")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := b.connect(t, "ann_A-B-C_1h")
			test(c)
		})
	}
}

// bubble runs a test in fake time.
func bubble(t *testing.T, f func(t *testing.T, b *bundle)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := raw.NewPipes()
		b := setup(t, p, nil)
		b.dial = p.Dial
		f(t, b)
	})
}

func TestAuthTimeout(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bundle) {
		start := time.Now()
		b.connect(t, "").ended(4503, "auth-timeout")
		if took := time.Since(start); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("after %s", took)
		}
	})
}

// TestRefusedHeaderAndSilence: who has a header that is not good, and says nothing,
// is told so when the time for a token is up.
func TestRefusedHeaderAndSilence(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bundle) {
		c, _, err := b.handshake(t, "/ws", http.Header{"Authorization": {"Bearer forged"}}, ws.Subprotocol)
		if err != nil {
			t.Fatal(err)
		}
		c.expect("welcome")
		start := time.Now()
		c.ended(4501, "invalid-token")
		if took := time.Since(start); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("after %s", took)
		}
	})
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bundle) {
		c := b.connect(t, "ann_T_40s")
		start := time.Now()
		c.expect("token-expiring")
		if took := time.Since(start); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("warned after %s", took)
		}
		c.say(`{"type":"auth","token":"ann_T_90s"}`)
		pongs := make(chan struct{})
		go func() { // as a client does
			defer close(pongs)
			for range 3 {
				time.Sleep(20 * time.Second)
				_ = c.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`))
			}
		}()
		c.ended(4003, "token-expired", "ping", "token-expiring")
		<-pongs
		if took := time.Since(start); took < 100*time.Second || took > 102*time.Second {
			t.Errorf("ended after %s", took)
		}
	})
}

func TestNoPong(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bundle) {
		start := time.Now()
		c := b.joined(t, annOfT, "T")
		c.ended(4005, "no-pong", "ping")
		if took := time.Since(start); took < 45*time.Second || took > 46*time.Second {
			t.Errorf("ended after %s", took)
		}
	})
}

// TestPipesGetEvents: a connection without a file descriptor works, too.
func TestPipesGetEvents(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, b *bundle) {
		c := b.joined(t, annOfT, "T")
		for range 100 {
			b.event("T", strings.Repeat("x", 1000))
		}
		for i := range 100 {
			if m := c.expect("event"); m.Position != int64(i+1) {
				t.Fatalf("got position %d at %d", m.Position, i+1)
			}
		}
		_, _, err := b.handshake(t, "/ws", http.Header{"Origin": {"https://evil.example"}})
		if err == nil {
			t.Error("a foreign origin was let in")
		}
	})
}
