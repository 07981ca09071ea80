package ws_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"rowcast/internal/test/raw"
	"rowcast/internal/transport/ws"
)

const annOfT = "ann_T_1h"

func TestCredentials(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for name, test := range map[string]struct {
		path      string
		header    string
		protocols []string
		first     string
	}{
		"header":                     {header: "Bearer " + annOfT, protocols: []string{ws.Subprotocol}},
		"header without subprotocol": {header: "bearer " + annOfT},
		"subprotocol":                {protocols: []string{ws.Subprotocol, "bearer." + annOfT}},
		"subprotocol first":          {protocols: []string{"bearer." + annOfT, ws.Subprotocol}},
		"ticket":                     {path: "?ticket=ticket", protocols: []string{ws.Subprotocol}},
		"first message":              {first: annOfT, protocols: []string{ws.Subprotocol}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			if test.header != "" {
				header.Set("Authorization", test.header)
			}
			c, response, err := b.handshake(t, "/ws"+test.path, header, test.protocols...)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(fmt.Sprint(response.Header), annOfT) {
				t.Errorf("the token is sent back: %v", response.Header)
			}
			if len(test.protocols) > 0 && c.Subprotocol() != ws.Subprotocol {
				t.Errorf("subprotocol %q", c.Subprotocol())
			}
			if m := c.expect("welcome"); m.PingInterval != 25000 || m.PingTimeout != 20000 {
				t.Errorf("welcome %+v", m)
			}
			if test.first != "" {
				c.say(`{"type":"join-tenant","tenantId":"T"}`)
				if m := c.refused("forbidden"); m.Request != "join-tenant" || m.TenantID != "T" {
					t.Errorf("error %+v", m)
				}
				c.say(`{"type":"auth","token":%q}`, test.first)
			}
			c.say(`{"type":"join-tenant","tenantId":"T"}`)
			if m := c.expect("joined"); m.TenantID != "T" || m.Cursor == "" {
				t.Errorf("joined %+v", m)
			}
		})
	}
}

func TestTokenInQueryIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for _, query := range []string{"?token=" + annOfT, "?access_token=" + annOfT} {
		_, response, err := b.handshake(t, "/ws"+query, http.Header{"Authorization": {"Bearer " + annOfT}})
		if err == nil || response.StatusCode != http.StatusBadRequest {
			t.Fatalf("%s: %v", query, err)
		}
		if code, detail := raw.Problem(t, response); code != "bad-request" || !strings.Contains(detail, "ticket") {
			t.Errorf("%s %s", code, detail)
		}
	}
}

func TestRefusedHandshakes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for name, test := range map[string]struct {
		path, authorization string
		protocols           []string
		status              int
		code                string
	}{
		"expired":           {authorization: "Bearer expired", status: 401, code: "token-expired"},
		"other subprotocol": {authorization: "Bearer " + annOfT, protocols: []string{"rowcast.v2"}, status: 400, code: "bad-request"},
		"bearer alone":      {protocols: []string{"bearer." + annOfT}, status: 400, code: "bad-request"},
		"ticket unknown":    {path: "?ticket=none", status: 401, code: "invalid-token"},
		"ticket empty":      {path: "?ticket=", status: 401, code: "invalid-token"},
		"tenant in the URL": {path: "?tenant=T", authorization: "Bearer " + annOfT, status: 400, code: "bad-request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			if test.authorization != "" {
				header.Set("Authorization", test.authorization)
			}
			_, response, err := b.handshake(t, "/ws"+test.path, header, test.protocols...)
			if err == nil || response.StatusCode != test.status {
				t.Fatalf("%v, %v", err, response)
			}
			if code, _ := raw.Problem(t, response); code != test.code {
				t.Errorf("code %s", code)
			}
		})
	}
}

// TestOddHandshakes: a version that there is not, and a version of HTTP that knows no
// WebSockets, are refused as a problem that says so.
func TestOddHandshakes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for request, want := range map[string]struct {
		status int
		detail string
	}{
		"GET /ws HTTP/1.1\r\nSec-WebSocket-Version: 8\r\n":  {426, "13"},
		"GET /ws HTTP/1.0\r\nSec-WebSocket-Version: 13\r\n": {400, "HTTP/1.1"},
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "%sHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n\r\n", request, annOfT)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if code, detail := raw.Problem(t, response); response.StatusCode != want.status || code != "bad-request" || !strings.Contains(detail, want.detail) {
			t.Errorf("%q: %s, %s: %s", request, response.Status, code, detail)
		}
		_ = conn.Close()
	}
}

// TestForeignCredentials: what a proxy in front puts into the header hides nothing
// that the client sends itself. A client that sends nothing is told what is wrong
// with the header as soon as it wants something.
func TestForeignCredentials(t *testing.T) {
	t.Parallel()
	for header, code := range map[string]int{
		"Basic YTpi": 0, "Negotiate YII": 0, "Bearer forged": 4501, "Bearer a b": 4501, "Bearer unavailable": 1013, "Bearer eve_T_1h": -1,
	} {
		for _, by := range []string{"subprotocol", "ticket", "message", "nothing"} {
			t.Run(header+" and "+by, func(t *testing.T) {
				t.Parallel()
				b := setup(t, nil, nil)
				path, protocols := "/ws", []string{ws.Subprotocol}
				switch by {
				case "subprotocol":
					protocols = append(protocols, "bearer."+annOfT)
				case "ticket":
					path += "?ticket=ticket"
				}
				c, _, err := b.handshake(t, path, http.Header{"Authorization": {header}}, protocols...)
				if err != nil {
					t.Fatal(err)
				}
				c.expect("welcome")
				if by == "message" {
					c.say(`{"type":"auth","token":%q}`, annOfT)
				}
				c.say(`{"type":"join-tenant","tenantId":"T"}`)
				switch {
				case by != "nothing" || code == -1:
					c.expect("joined")
				case code == 0:
					c.refused("forbidden")
				default:
					c.expect("error")
					c.ended(code, "")
				}
				// Once somebody is known, and has joined, nobody else takes the place.
				if by != "nothing" || code == -1 {
					c.say(`{"type":"auth","token":"zoe_T_1h"}`)
					c.refused("forbidden")
				}
			})
		}
	}
}

// TestRefusedSubprotocolTokenIsReportedByCloseCode: a page cannot see the status of
// a refused handshake, and only pages have to send the token this way.
func TestRefusedSubprotocolTokenIsReportedByCloseCode(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for token, code := range map[string]int{"forged": 4501, "expired": 4003, "unavailable": 1013} {
		c, _, err := b.handshake(t, "/ws", nil, ws.Subprotocol, "bearer."+token)
		if err != nil {
			t.Fatal(err)
		}
		c.ended(code, "")
	}
}

func TestTicketIsGoodOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	c, _, err := b.handshake(t, "/ws?ticket=ticket", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.expect("welcome")
	if _, response, err := b.handshake(t, "/ws?ticket=ticket", nil); err == nil || response.StatusCode != 401 {
		t.Fatalf("the ticket was good twice: %v", err)
	}
}

// TestForeignOrigin is refused before its token is looked at.
func TestForeignOrigin(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	header := http.Header{"Origin": {"https://evil.example"}, "Authorization": {"Bearer " + annOfT}}
	_, response, err := b.handshake(t, "/ws?ticket=ticket", header)
	if err == nil || response.StatusCode != http.StatusForbidden {
		t.Fatal(err)
	}
	if code, _ := raw.Problem(t, response); code != "forbidden" {
		t.Errorf("code %s", code)
	}
	if b.Verified.Load()+b.Redeemed.Load() != 0 {
		t.Error("credentials were looked at")
	}
}

func TestOtherRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for name, test := range map[string]struct {
		method string
		header http.Header
		status int
	}{
		"plain GET": {http.MethodGet, nil, http.StatusUpgradeRequired},
		"POST":      {http.MethodPost, nil, http.StatusMethodNotAllowed},
		"old version": {http.MethodGet, http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"8"},
		}, http.StatusUpgradeRequired},
		"no key": {http.MethodGet, http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		}, http.StatusBadRequest},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, "http"+strings.TrimPrefix(b.url, "ws")+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = test.header.Clone()
		if request.Header == nil {
			request.Header = http.Header{}
		}
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		if code, _ := raw.Problem(t, response); response.StatusCode != test.status || code != "bad-request" {
			t.Errorf("%s: %d %s", name, response.StatusCode, code)
		}
		if name == "plain GET" && response.Header.Get("Upgrade") != "websocket" {
			t.Error("the answer does not say what to upgrade to")
		}
		_ = response.Body.Close()
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	c := b.joined(t, annOfT, "T")
	if err := b.Hub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.ended(4001, "shutdown; retry=")
	_, response, err := b.handshake(t, "/ws", nil)
	if err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Fatal(err)
	}
	if code, _ := raw.Problem(t, response); code != "shutdown" {
		t.Errorf("code %s", code)
	}
}
