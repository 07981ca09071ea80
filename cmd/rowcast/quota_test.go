package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// refusals try to connect as one too many, and say what came of it.
func refusals(t *testing.T, wsURL, token, tenant string, header http.Header) map[string]string {
	t.Helper()
	said := map[string]string{}
	// Native: the token in the header.
	withToken := header.Clone()
	withToken.Set("Authorization", "Bearer "+token)
	said["native"] = func() string {
		c, err := dialFrom(t.Context(), wsURL, "", withToken)
		if err != nil {
			return err.Error()
		}
		defer c.conn.Close()
		_ = c.conn.WriteJSON(map[string]any{"type": "join-tenant", "tenantId": tenant}) // it may be closed already
		for {
			if m, err := c.next(); err != nil || m.Type == "error" {
				return fmt.Sprint(m.Code, " ", err)
			}
		}
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, httpURL(wsURL, "/events", url.Values{"tenant": {tenant}}), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = withToken.Clone()
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 4096)
	n := 0
	for !strings.Contains(string(body[:n]), "closed") && !strings.Contains(string(body[:n]), "code") {
		more, err := response.Body.Read(body[n:])
		if n += more; err != nil {
			break
		}
	}
	_ = response.Body.Close()
	said["events"] = fmt.Sprint(response.StatusCode, " ", string(body[:n]))
	conn := dialSocketIO(t, wsURL, header)
	defer conn.Close()
	for _, packet := range []string{`40{"token":"` + token + `"}`, `420["join-tenant","` + tenant + `"]`} {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(packet)) // it may be closed already
	}
	for {
		text, err := conn.Read()
		if err != nil || strings.HasPrefix(text, "44") || strings.HasPrefix(text, "430") {
			said["Socket.IO"] = fmt.Sprint(text, " ", err)
			return said
		}
	}
}

// TestLimitsOnEveryTransport fills a subject, a tenant and an address, tries one
// connection more on every wire, and comes in when somebody has left.
func TestLimitsOnEveryTransport(t *testing.T) {
	t.Parallel()
	from := http.Header{"X-Forwarded-For": {"198.51.100.1, 203.0.113.1"}}
	for _, test := range []struct {
		setting               string
		native, events, io    []string
		otherToken, otherFrom bool // who is not bounded
	}{
		{
			"ROWCAST_MAX_PER_SUBJECT=2", []string{"close 4504", "limit-exceeded"}, []string{"200", `"code":4504`}, []string{"44", `"code":"limit-exceeded"`}, true, false,
		},
		{
			"ROWCAST_MAX_PER_TENANT=2", []string{"limit-exceeded <nil>"}, []string{"200", `"code":4504`}, []string{`430[{"ok":false,"code":"limit-exceeded"`}, false, false,
		},
		{
			"ROWCAST_MAX_PER_ADDRESS=2", []string{"429", `limit-exceeded`}, []string{"429", "limit-exceeded"}, []string{"close"}, false, true,
		},
	} {
		t.Run(strings.ToLower(test.setting), func(t *testing.T) {
			t.Parallel()
			s := newEnv(t)
			wsURL, _ := serve(t, s, test.setting, "ROWCAST_TRUSTED_PROXIES=127.0.0.1")
			ann := person(t, "ann", "", "T", "U")
			var held []*client
			for range 2 {
				held = append(held, connectAs(t, wsURL, ann, "T", from))
			}
			said := refusals(t, wsURL, ann, "T", from)
			for wire, want := range map[string][]string{"native": test.native, "events": test.events, "Socket.IO": test.io} {
				for _, says := range want {
					if !strings.Contains(said[wire], says) {
						t.Errorf("%s: one too many is told %q; want %q", wire, said[wire], says)
					}
				}
			}
			// Somebody else is not concerned.
			header, token, tenant := from, ann, "U"
			if test.otherToken {
				token = person(t, "bob", "", "U")
			}
			if test.otherFrom {
				header = http.Header{"X-Forwarded-For": {"203.0.113.2"}}
			}
			connectAs(t, wsURL, token, tenant, header)
			// One leaves, and another may come.
			_ = held[0].conn.Close()
			for deadline := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
				c, err := tryAs(t, wsURL, ann, "T", from)
				if err == nil {
					t.Cleanup(func() { _ = c.conn.Close() })
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("after one has left: %v", err)
				}
			}
		})
	}
}

// tryAs connects with headers and joins a tenant.
func tryAs(t *testing.T, wsURL, token, tenant string, header http.Header) (*client, error) {
	t.Helper()
	header = header.Clone()
	header.Set("Authorization", "Bearer "+token)
	c, err := dialFrom(t.Context(), wsURL, "", header)
	if err != nil {
		return nil, err
	}
	_ = c.conn.WriteJSON(map[string]any{"type": "join-tenant", "tenantId": tenant}) // it may be closed already
	var m message
	for m.Type != "joined" && m.Type != "error" && err == nil {
		m, err = c.next()
	}
	switch {
	case err == nil && m.Type == "joined":
		return c, nil
	case err == nil:
		err = errors.New(m.Code)
	}
	_ = c.conn.Close()
	return nil, err
}

func connectAs(t *testing.T, wsURL, token, tenant string, header http.Header) *client {
	t.Helper()
	c, err := tryAs(t, wsURL, token, tenant, header)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	return c
}
