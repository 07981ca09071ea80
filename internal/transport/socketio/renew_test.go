package socketio_test

import (
	"testing"

	"github.com/gorilla/websocket"

	"rowcast/internal/transport"
)

// TestRenewal: a fresh token of the same subject takes over, in any form, with or
// without an acknowledgement. What it lacks is left, with a word.
func TestRenewal(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	c := b.connect(t, `{"token":"ann_T-U_1h"}`)
	c.accepted()
	for _, tenant := range []string{"T", "U"} {
		c.Send(`420["join-tenant","` + tenant + `"]`)
		c.wantPart(`430[{"ok":true,`)
	}
	c.Send(`421["auth","ann_T-U_2h"]`)
	c.Want(`431[{"ok":true}]`)
	c.Send(`422["auth",{"token":"Bearer ann_T-V_1h"}]`)
	c.Want(`42["error",{"type":"error","code":"forbidden","message":"the fresh token does not name this tenant","request":"auth","tenantId":"U"}]`)
	c.Want(`432[{"ok":true}]`)
	b.Publish("U", "order:created", `{"id":1}`)
	b.Publish("T", "order:created", `{"id":2}`)
	c.Want(`42["order:created",{"id":2}]`)
	c.Send(`423["join-tenant","V"]`)
	c.wantPart(`433[{"ok":true,`)
	c.Send(`424["join-tenant","U"]`)
	c.wantPart(`434[{"ok":false,"code":"forbidden"`)
	c.Send(`425["auth","bob_T_1h"]`) // a refused one changes nothing
	c.wantPart(`435[{"ok":false,"code":"forbidden"`)
	c.Send(`42["auth","ann_T-V_1ms"]`) // nobody wants to know
	if _, message, err := c.ReadMessage(); !websocket.IsCloseError(err, transport.CloseOf(transport.TokenExpired).Number) {
		t.Errorf("a token that ends soon: %q %v", message, err)
	}
}

// TestRenewalIsInTime: who renews stays beyond the end of the first token.
func TestRenewalIsInTime(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	first := b.connect(t, `{"token":"ann_T_1s"}`)
	first.accepted()
	c := b.connect(t, `{"token":"ann_T_1s"}`)
	c.accepted()
	c.Send(`420["auth",{"token":"ann_T_1h"}]`)
	for message := ""; message != `430[{"ok":true}]`; {
		if message = c.Next(); message != `430[{"ok":true}]` && message != `42["token-expiring",{"type":"token-expiring"}]` {
			t.Fatal(message)
		}
	}
	for {
		_, _, err := first.ReadMessage()
		if websocket.IsCloseError(err, transport.CloseOf(transport.TokenExpired).Number) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c.Send(`421["join-tenant","T"]`)
	c.wantPart(`431[{"ok":true,`)
}
