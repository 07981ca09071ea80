package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rowcast/internal/demo/inventory"
)

// TestUnknownKeyOnEveryTransport: the issuer signs with a new key before the server
// knows it. On every wire the token is refused in a way after which the client
// comes back, the old key stays good, and the new one becomes it.
func TestUnknownKeyOnEveryTransport(t *testing.T) {
	t.Parallel()
	before, after := newIssuer(t), newIssuer(t)
	jwk := func(i issuer, kid string) string {
		return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}`, kid, base64.RawURLEncoding.EncodeToString(i.public))
	}
	var set atomic.Value
	set.Store(jwk(before, "one"))
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[%s]}`, set.Load())
	}))
	defer keys.Close()
	feed, _ := serve(t, newEnv(t), "JWT_SECRET=", "JWKS_URL="+keys.URL)
	set.Store("") // whenever it is fetched next, the new key is not there

	old, fresh := before.sign(t, "one", inventory.AcmeID), after.sign(t, "two", inventory.AcmeID)
	turnedAway(t, feed, fresh)
	if c, err := dialFeed(t.Context(), feed, old); err != nil {
		t.Error(err)
	} else {
		c.until(t, "the old key", func(m message) bool { return m.Type == "welcome" })
		c.send(t, map[string]any{"type": "auth", "token": fresh}) // in place of the old one, which stays good
		c.until(t, "a refusal for now", func(m message) bool { return m.Type == "error" && m.Code == "unavailable" })
		c.send(t, map[string]any{"type": "join-tenant", "tenantId": inventory.AcmeID})
		c.until(t, "joined", func(m message) bool { return m.Type == "joined" })
		_ = c.conn.Close()
	}
	set.Store(jwk(before, "one") + "," + jwk(after, "two"))
	for deadline := time.Now().Add(timeout); ; time.Sleep(100 * time.Millisecond) {
		status, said := request(t, http.MethodGet, httpURL(feed, "/history", nil), fresh, "")
		if status == http.StatusOK {
			break
		}
		if status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			t.Fatalf("with the new key published: %d %s", status, said)
		}
	}
}

// turnedAway shows a token on every wire, and wants it refused for now.
func turnedAway(t *testing.T, feed, token string) {
	t.Helper()
	for _, try := range []struct{ method, path string }{
		{http.MethodPost, "/tickets"}, {http.MethodGet, "/events"}, {http.MethodGet, "/history"},
	} {
		response := func() *http.Response {
			r, err := http.NewRequestWithContext(t.Context(), try.method, httpURL(feed, try.path, nil), http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			return response
		}()
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("%s answers %s %v", try.path, response.Status, response.Header)
		}
	}
	if said := (showroom{feed}).socket(t, bearer(token), "", ""); said != "unavailable" {
		t.Errorf("a token in the header of a WebSocket is answered with %s", said)
	}
	for _, by := range []string{"subprotocol", "auth"} {
		offered := map[string]string{"subprotocol": token}[by]
		c, err := dialFeed(t.Context(), feed, offered)
		if err != nil {
			t.Fatalf("%s: %v", by, err)
		}
		if by == "auth" {
			c.send(t, map[string]any{"type": "auth", "token": token})
		}
		for err == nil {
			_, err = c.next()
		}
		if !websocket.IsCloseError(err, 1013) {
			t.Errorf("%s: %v", by, err)
		}
		_ = c.conn.Close()
	}
	c := dialSocketIO(t, feed, nil, fmt.Sprintf(`40{"token":%q}`, token))
	defer c.Close()
	for {
		packet, err := c.Read()
		if strings.HasPrefix(packet, "4") {
			t.Errorf("Socket.IO answers %s, after which its clients stay away", packet)
		}
		if err != nil {
			if !websocket.IsCloseError(err, 1013) {
				t.Errorf("Socket.IO ends with %v", err)
			}
			break
		}
	}
	query := url.Values{"EIO": {"4"}, "transport": {"polling"}}
	_, opened := request(t, http.MethodGet, httpURL(feed, "/socket.io/", query), "", "")
	query.Set("sid", regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(opened)[1])
	if status, said := request(t, http.MethodPost, httpURL(feed, "/socket.io/", query), "", `40{"token":"`+token+`"}`); status != http.StatusOK {
		t.Fatalf("%d %s", status, said)
	}
	if _, said := request(t, http.MethodGet, httpURL(feed, "/socket.io/", query), "", ""); strings.Contains(said, "44") {
		t.Errorf("polling is answered with %s", said)
	}
}
