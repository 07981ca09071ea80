package socketio_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
)

// TestCredentials: those of auth, of the handshake, and none.
func TestCredentials(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	for _, c := range []struct {
		query, bearer, auth string
		want                string
	}{
		{"", "", `{"token":"ann_T_1h"}`, `40{"sid":`},
		{"", "ann_T_1h", "", `40{"sid":`},
		{"&ticket=ticket", "", "", `40{"sid":`},
		{"&ticket=ticket", "", "", `44{"message":`}, // used
		{"", "", `{"ticket":"guess"}`, `44{"message":`},
		{"", "", "", `44{"message":"`},
		{"", "", `{"token":"forged"}`, `"data":{"code":"invalid-token"}}`},
		{"", "ann_T_1h", `{"token":"forged"}`, `"data":{"code":"invalid-token"}}`},
		{"", "", `{"token":"expired"}`, `"data":{"code":"token-expired"}}`},
		{"", "", `{"token":7}`, `44{"message":"auth.token has to be a text, the JWT","data":{"code":"bad-request"}}`},
		{"", "", `{"token":"Bearer ann_T_1h"}`, `40{"sid":`},
		{"", "", `{"token":"bearer  ann_T_1h"}`, `40{"sid":`},
		{"", "ann_T_1h", `{"token":"Bearer "}`, `40{"sid":`}, // that of the handshake
		{"", "", `{"token":"Bearer "}`, `44{"message":"no token was sent","data":{"code":"invalid-token"}}`},
		{"", "", `{"token":""}`, `44{"message":"no token was sent","data":{"code":"invalid-token"}}`},
		{"", "", `{"token":null}`, `44{"message":"no token was sent","data":{"code":"invalid-token"}}`},
		{"", "", `{"user":"ann"}`, `44{"message":"no token was sent","data":{"code":"invalid-token"}}`},
		{"", "", `{"token":"ann_T_1h","Token":7,"TICKET":[],"ticket":{},"pid":7,"offset":[1],"meta":"x","recovery":{},"userId":null}`, `40{"sid":`},
	} {
		header := http.Header{}
		if c.bearer != "" {
			header.Set("Authorization", "Bearer "+c.bearer)
		}
		client := b.open(t, c.query, header)
		client.Send("40" + c.auth)
		client.wantPart(c.want)
	}
	for query, want := range map[string]string{"&token=ann_T_1h": `{"code":3,"message":"a token in the URL`} {
		response, err := b.Client().Get(b.URL + "/socket.io/?EIO=4&transport=polling" + query)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusBadRequest || !strings.HasPrefix(string(body), want) {
			t.Errorf("%s: %d %s", query, response.StatusCode, body)
		}
	}
}

// TestJoinAndLeave: in all forms, with and without an acknowledgement.
func TestJoinAndLeave(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	b.Publish("T", "order:created", `{"id":1}`)
	c := b.connect(t, `{"token":"ann_T-7_1h"}`)
	if pid := c.accepted(); pid != "" {
		t.Errorf("recovery is off, and there is the pid %q", pid)
	}
	c.Send(`420["join-tenant","T"]`)
	c.Want(`430[{"ok":true,"tenantId":"T","cursor":"f1.0.0","position":0}]`)
	b.Positions["T"] = 0
	b.Publish("T", "order:created", `{"id":1}`)
	c.Want(`42["order:created",{"id":1}]`)
	c.Send(`421["join-tenant",{"tenantId":"T","cursor":"f1.0.0"}]`)
	c.Want(`431[{"ok":true,"tenantId":"T","cursor":"f1.0.0","position":0}]`)
	c.Want(`42["order:created",{"id":1}]`)
	c.Send(`422["join-tenant",{"tenantId":"T","cursor":"nonsense"}]`)
	c.wantPart(`432[{"ok":true,`, `"reset":"invalid"`)
	c.wantPart(`42["reset",{"type":"reset","tenantId":"T",`, `"reason":"invalid"}]`)
	c.Send(`423["join-tenant",7]`)
	c.wantPart(`433[{"ok":true,"tenantId":"7",`)
	c.Send(`42["join-tenant","T"]`) // once more, and nothing is said
	c.Send(`424["leave-tenant",{"tenantId":"7"}]`)
	c.Want(`434[{"ok":true,"tenantId":"7"}]`)
	c.Send(`425["leave-tenant","T"]`)
	c.Want(`435[{"ok":true,"tenantId":"T"}]`)
	c.Send(`426["join-tenant",{"tenantId":"T","events":["stock:*"]}]`)
	c.wantPart(`436[{"ok":true,`, `,"events":["stock:*"]}]`)
	b.Publish("T", "order:created", `{"id":2}`)
	b.Publish("T", "stock:adjusted", `{"id":3}`)
	c.Want(`42["stock:adjusted",{"id":3}]`)
	c.Send("41") // leaves everything
	c.Send(`40{"token":"ann_T_1h"}`)
	c.accepted()
	b.Publish("T", "stock:adjusted", `{"id":4}`)
	c.Send(`427["join-tenant","T"]`)
	c.wantPart(`437[{"ok":true,`, `"position":4}]`)
}

// TestRefusedRequests: in the acknowledgement, or in an event.
func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	c := b.connect(t, `{"token":"ann_T_1h"}`)
	c.accepted()
	for request, code := range map[string]string{
		`["join-tenant","U"]`:                             "forbidden",
		`["join-tenant"]`:                                 "bad-request",
		`["join-tenant",""]`:                              "bad-request",
		`["join-tenant",null]`:                            "bad-request",
		`["join-tenant",{}]`:                              "bad-request",
		`["join-tenant",["T"]]`:                           "bad-request",
		`["join-tenant",{"tenantId":7.5}]`:                "bad-request",
		`["join-tenant",{"tenantId":"T","events":"all"}]`: "bad-request",
		`["join-tenant",{"tenantId":"T","events":["?"]}]`: "bad-request",
		`["join-tenant",{"tenantId":"T","meta":"yes"}]`:   "bad-request",
		`["auth"]`:                      "bad-request",
		`["auth",7]`:                    "bad-request",
		`["auth",{"tenantId":"T"}]`:     "bad-request",
		`["auth","forged"]`:             "invalid-token",
		`["auth",{"token":"expired"}]`:  "token-expired",
		`["auth",{"token":"bob_T_1h"}]`: "forbidden",
		`["order:created",{}]`:          "bad-request",
	} {
		c.Send(`420` + request)
		c.wantPart(`430[{"ok":false,"code":"`+code+`","message":"`, `"}]`)
		c.Send(`42` + request)
		c.wantPart(`42["error",{"type":"error","code":"`+code+`","message":"`, `"request":`)
	}
}

func TestLongTenantIsRefusedWhole(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	c := b.connect(t, `{"token":"ann_T_1h"}`)
	c.accepted()
	for _, tenant := range []string{strings.Repeat("a", 255), "x" + strings.Repeat("é", 127), strings.Repeat("语", 5000)} {
		c.Send(`42["join-tenant","` + tenant + `"]`)
		c.wantPart(`42["error",{"type":"error","code":"forbidden"`, `"request":"join-tenant","tenantId":"`+tenant+`"}]`)
	}
}

// TestLeftBeforeJoined: every request is answered, also one to join a tenant that
// is left while the database is away; and a client that has left the namespace
// hears no more of it.
func TestLeftBeforeJoined(t *testing.T) {
	t.Parallel()
	b := setup(t, true)
	c := b.connect(t, `{"token":"ann_T_1h"}`)
	pid := c.accepted()
	c.Send(`420["join-tenant","T"]`)
	c.wantPart(`430[{"ok":true,`)
	offset := offsetOf(t, c.Next())
	b.Hub.Live(false)
	c.Send(`421["leave-tenant","T"]`)
	c.wantPart(`42["left",`)
	c.wantPart(`431[{"ok":true,`)
	c.Send(`422["join-tenant","T"]`)
	c.Send(`423["leave-tenant","T"]`)
	c.wantPart(`432[{"ok":false,"code":"bad-request","message":"`)
	c.wantPart(`42["left",`)
	c.wantPart(`433[{"ok":true,`)
	b.Hub.Live(true)
	c.Send(`424["join-tenant","T"]`)
	c.wantPart(`434[{"ok":true,`)
	c.wantPart(`42["joined",`)
	c.Send("41")
	c.Send(fmt.Sprintf(`40{"token":"ann_T_1h","pid":%q,"offset":%q}`, pid, offset))
	if got := c.accepted(); got != pid {
		t.Error("not recovered on the same session")
	}
}

// TestClosed: which packets end a session, by its cause.
func TestClosed(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	c := b.connect(t, `{"token":"ann_T_1h"}`)
	c.accepted()
	for range 400 {
		if c.WriteMessage(websocket.TextMessage, []byte(`42["join-tenant"]`)) != nil {
			break
		}
	}
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, transport.CloseOf(transport.RateLimited).Number) {
				t.Errorf("too many requests: %v", err)
			}
			break
		}
	}
	c = b.connect(t, `{"token":"ann_T_1ms"}`)
	c.accepted()
	if _, message, err := c.ReadMessage(); !websocket.IsCloseError(err, transport.CloseOf(transport.TokenExpired).Number) {
		t.Errorf("an expired token: %q %v", message, err)
	}
	if got := string(socketioWireClose()); !strings.HasPrefix(got[2:], "41") {
		t.Errorf("revoked: %q", got)
	}
}

// TestSlowConsumer: one that takes nothing is sent a reset before it is sent
// away, if it joined without a cursor.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	for request, wanted := range map[string]bool{
		`42["join-tenant","T"]`:                                true,
		`42["join-tenant",{"tenantId":"T","cursor":"f1.0.0"}]`: false,
	} {
		b := setup(t, false, func(o *room.Options) {
			o.StallTimeout, o.CloseTimeout, o.RingBytes = 50*time.Millisecond, time.Hour, 64<<20
		})
		c := b.connect(t, `{"token":"ann_T_1h"}`)
		c.accepted()
		c.Send(request)
		for b.Hub.Stats().Subscriptions == 0 {
			time.Sleep(time.Millisecond)
		}
		for b.Hub.Stats().Subscriptions > 0 {
			b.Publish("T", "order:created", `"`+strings.Repeat("x", 50_000)+`"`)
		}
		reset := false
		for {
			_, message, err := c.ReadMessage()
			if err != nil {
				if !websocket.IsCloseError(err, transport.CloseOf(signal.SlowConsumer).Number) {
					t.Errorf("%s: %v", request, err)
				}
				break
			}
			reset = strings.HasPrefix(string(message), `42["reset",{"type":"reset","tenantId":"T","cursor":"f1.`)
		}
		if reset != wanted {
			t.Errorf("%s: the last message is reset: %t", request, reset)
		}
	}
}
