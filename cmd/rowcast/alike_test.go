package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
	"pgregory.net/rapid"

	"rowcast/internal/access/auth"
	"rowcast/internal/test/raw"
	"rowcast/internal/transport"
)

// accepted is the verdict on a token that is accepted; the others are codes.
const accepted = "accepted"

// TestTokensAreAlikeOnEveryTransport: whatever its claims, a token has one verdict on all
// wires, that of the verifier.
func TestTokensAreAlikeOnEveryTransport(t *testing.T) {
	t.Parallel()
	feed, _ := serve(t, newEnv(t))
	verifier, err := auth.New(t.Context(), auth.Options{Secret: []byte(secret), Leeway: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	w := showroom{feed}
	rapid.Check(t, func(t *rapid.T) {
		token := anyToken(t)
		verdict := accepted
		if _, err := verifier.Verify(t.Context(), token); err != nil {
			verdict = string(transport.TokenCode(err))
		}
		for name, show := range w.all() {
			if got := show(t, token); got != verdict {
				t.Errorf("%s: %s, the verifier says %s", name, got, verdict)
			}
		}
	})
}

// TestFarAwayEndsAreFarAway: who has a token that ends at the end of the calendar
// stays, also after the server has looked for sessions whose token has ended.
func TestFarAwayEndsAreFarAway(t *testing.T) {
	t.Parallel()
	feed, _ := serve(t, newEnv(t), "ROWCAST_PING_INTERVAL=100ms")
	for _, exp := range []int64{99_999_999_999, 253_402_300_799} {
		text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"exp": exp, "tenant_id": "T"}).SignedString([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		c, err := dialFeed(t.Context(), feed, text)
		if err != nil {
			t.Fatal(err)
		}
		for seen := ""; ; { // pings come after that look
			_ = c.conn.SetReadDeadline(time.Now().Add(timeout))
			var m message
			if err := c.conn.ReadJSON(&m); err != nil {
				t.Fatalf("%d: %v after %s", exp, err, seen)
			}
			if seen += m.Type + " "; strings.Count(seen, "ping") == 2 {
				break
			}
			_ = c.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`)) // reading tells
		}
		_ = c.conn.Close()
	}
}

// TestForeignCredentialsOnEveryTransport: what a proxy in front adds to a request, for
// itself, hides no credential of the client on any wire.
func TestForeignCredentialsOnEveryTransport(t *testing.T) {
	t.Parallel()
	feed, _ := serve(t, newEnv(t))
	w := showroom{feed}
	good, eve := token(t, "T"), token(t, "U")
	ticket := func(t *testing.T) string {
		_, answer := request(t, http.MethodPost, httpURL(feed, "/tickets", nil), good, "")
		var issued struct{ Ticket string }
		if err := json.Unmarshal([]byte(answer), &issued); err != nil || issued.Ticket == "" {
			t.Fatalf("%s: %v", answer, err)
		}
		return issued.Ticket
	}
	for name, foreign := range map[string]string{
		"Basic": "Basic c3RhZ2luZzpzZWNyZXQ=", "a bearer of a proxy": "Bearer " + newIssuer(t).token(t, "T"), "no JWT": "Bearer ya29.opaque",
		"a token of ours for another tenant": "Bearer " + eve,
	} {
		header := func() http.Header { return http.Header{"Authorization": {foreign}} }
		ours := foreign == "Bearer "+eve
		for wire, show := range map[string]func(t *testing.T) string{
			"history, ticket": func(t *testing.T) string {
				return w.request(t, http.MethodGet, httpURL(feed, "/history", url.Values{"tenant": {"T"}, "ticket": {ticket(t)}}), header())
			},
			"events, ticket": func(t *testing.T) string {
				return w.request(t, http.MethodGet, httpURL(feed, "/events", url.Values{"tenant": {"T"}, "ticket": {ticket(t)}}), header())
			},
			"history, two headers": func(t *testing.T) string {
				if ours {
					return accepted // whose tenant is joined is for the first to say
				}
				h := header()
				h.Add("Authorization", "Bearer "+good)
				return w.request(t, http.MethodGet, httpURL(feed, "/history", url.Values{"tenant": {"T"}}), h)
			},
			"history, foreign ticket": func(t *testing.T) string {
				return w.request(t, http.MethodGet, httpURL(feed, "/history", url.Values{"tenant": {"T"}, "ticket": {"ST-1-cas"}}), bearer(good))
			},
			"WebSocket, subprotocol": func(t *testing.T) string { return w.socket(t, header(), good, "") },
			"WebSocket, message":     func(t *testing.T) string { return w.socket(t, header(), "", good) },
			"WebSocket, ticket": func(t *testing.T) string {
				return w.dial(t, feed+"?ticket="+ticket(t), "", header(), "")
			},
			"Socket.IO, auth.token":  func(t *testing.T) string { return w.socketIO(t, header(), good) },
			"Socket.IO, auth.ticket": func(t *testing.T) string { return w.connect(t, header(), nil, `{"ticket":"`+ticket(t)+`"}`) },
			"Socket.IO, ticket": func(t *testing.T) string {
				return w.connect(t, header(), url.Values{"ticket": {ticket(t)}}, "{}")
			},
		} {
			if got := show(t); got != accepted {
				t.Errorf("%s beside %s: %s", wire, name, got)
			}
		}
	}
}

// anyToken draws a token of tenant T whose claims are of ordinary and of odd values.
func anyToken(t *rapid.T) string {
	now := time.Now().Unix()
	date := func(name string, ordinary ...any) any {
		odd := []any{
			nil, "1", true, 0, -1, 1.5, json.Number("1e300"), json.Number("-1e300"), json.Number("1e400"), json.Number("9223372036854775807"),
			json.Number("9223372036854775808"), json.Number("253402300799"), json.Number("253402300800"), now * 1000,
		}
		return rapid.SampledFrom(append(odd, ordinary...)).Draw(t, name)
	}
	ahead := now + 3600
	claims := jwt.MapClaims{"exp": ahead, "tenant_id": "T"}
	for name, draw := range map[string]func() any{
		"exp": func() any { return date("exp", ahead, ahead, json.Number("99999999999"), json.Number("99999999999.5")) },
		"iat": func() any { return date("iat", now, now-1, now+30, now+300, ahead) },
		"nbf": func() any { return date("nbf", now, now-1, now+30, now+300, ahead) },
		"sub": func() any {
			return rapid.SampledFrom([]any{nil, "", "ann", 7, json.Number("1e400"), []int{1}, strings.Repeat("x", 255), strings.Repeat("x", 256), "a\n"}).Draw(t, "sub")
		},
		"jti": func() any { return rapid.SampledFrom([]any{nil, "", 1, "x", map[string]int{}}).Draw(t, "jti") },
		"tenants": func() any {
			return rapid.SampledFrom([]any{nil, "U", 7, []any{nil, 1}, 1.5, map[string]int{"U": 1}}).Draw(t, "tenants")
		},
		"role": func() any { return rapid.SampledFrom([]any{nil, "", 1, []string{"a"}}).Draw(t, "role") },
	} {
		if rapid.IntRange(0, 2).Draw(t, name+" is drawn") == 0 {
			claims[name] = draw()
		}
	}
	text, err := jwt.NewWithClaims(rapid.SampledFrom([]jwt.SigningMethod{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512}).Draw(t, "algorithm"), claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// showroom shows credentials to a server, and gives the verdict of each wire.
type showroom struct{ feed string }

// caller is a test, or one run of a property.
type caller interface {
	rapid.TB
	Context() context.Context
}

type show func(t caller, token string) string

func (w showroom) all() map[string]show {
	return map[string]show{
		"history": func(t caller, token string) string { return w.http(t, "/history", token) },
		"events":  func(t caller, token string) string { return w.http(t, "/events", token) },
		"tickets": func(t caller, token string) string {
			return w.request(t, http.MethodPost, httpURL(w.feed, "/tickets", nil), bearer(token))
		},
		"WebSocket header":      func(t caller, token string) string { return w.socket(t, bearer(token), "", "") },
		"WebSocket subprotocol": func(t caller, token string) string { return w.socket(t, nil, token, "") },
		"WebSocket message":     func(t caller, token string) string { return w.socket(t, nil, "", token) },
		"Socket.IO":             func(t caller, token string) string { return w.socketIO(t, nil, token) },
		"Socket.IO header":      func(t caller, token string) string { return w.socketIO(t, bearer(token), "") },
	}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

var wireCode = regexp.MustCompile(`"code":"([a-z-]+)"`)

// codeIn is the code in what a server said.
func codeIn(text string) string {
	if m := wireCode.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return text
}

func (w showroom) http(t caller, path, token string) string {
	t.Helper()
	return w.request(t, http.MethodGet, httpURL(w.feed, path, url.Values{"tenant": {"T"}}), bearer(token))
}

func (w showroom) request(t caller, method, address string, header http.Header) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return accepted
	}
	body := make([]byte, 1<<10)
	n, _ := response.Body.Read(body)
	return codeIn(string(body[:n]))
}

// socket joins a tenant on a WebSocket.
func (w showroom) socket(t caller, header http.Header, offered, message string) string {
	t.Helper()
	return w.dial(t, w.feed, offered, header, message)
}

func (w showroom) dial(t caller, address, offered string, header http.Header, message string) string {
	t.Helper()
	conn, err := raw.DialFeed(t.Context(), address, offered, raw.Options{Header: header})
	if err != nil {
		return codeIn(err.Error())
	}
	defer conn.Close()
	send := func(text string) { _ = conn.WriteMessage(websocket.TextMessage, []byte(text)) } // reading tells
	if message != "" {
		send(fmt.Sprintf(`{"type":"auth","token":%q}`, message))
	}
	send(`{"type":"join-tenant","tenantId":"T"}`)
	for {
		text, err := conn.Next()
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			for _, c := range transport.Closes() {
				if c.Number == closed.Code {
					return string(c.Code)
				}
			}
		}
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.Contains(string(text), `"joined"`):
			return accepted
		}
	}
}

func (w showroom) socketIO(t caller, header http.Header, token string) string {
	t.Helper()
	auth := "{}"
	if token != "" {
		auth = fmt.Sprintf(`{"token":%q}`, token)
	}
	return w.connect(t, header, nil, auth)
}

// connect connects to the main namespace of Socket.IO.
func (w showroom) connect(t caller, header http.Header, query url.Values, auth string) string {
	t.Helper()
	all := url.Values{"EIO": {"4"}, "transport": {"websocket"}}
	maps.Copy(all, query)
	conn, response, err := new(websocket.Dialer).DialContext(t.Context(), "ws"+strings.TrimPrefix(httpURL(w.feed, "/socket.io/", all), "http"), header)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte("40"+auth)); err != nil {
		t.Fatal(err)
	}
	for {
		_ = conn.SetReadDeadline(time.Now().Add(timeout))
		_, packet, err := conn.ReadMessage()
		switch text := string(packet); {
		case websocket.IsCloseError(err, 1013):
			return "unavailable"
		case err != nil:
			t.Fatal(err)
		case strings.HasPrefix(text, "40"):
			return accepted
		case strings.HasPrefix(text, "44"):
			return codeIn(text)
		}
	}
}
