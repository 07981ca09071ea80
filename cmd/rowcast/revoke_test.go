package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rowcast/internal/access/auth"
	"rowcast/internal/command/program"
	"rowcast/internal/test/raw"
)

// person mints a token.
func person(t *testing.T, subject, id string, tenants ...string) string {
	t.Helper()
	text, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: subject, TokenID: id, Tenants: tenants}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// request sends a request with a token, and returns the answer.
func request(t *testing.T, method, address, token, body string) (status int, answer string) {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header = bearer(token)
	}
	return raw.Do(t, nil, method, address, body, header)
}

// connected is a client of some wire that has joined a tenant. wait waits for its
// end and says what the client saw.
type connected struct {
	name string
	wait func() string
}

func connectNative(t *testing.T, url, token, tenant string) connected {
	t.Helper()
	c, err := dialFeed(t.Context(), url, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	c.send(t, map[string]any{"type": "join-tenant", "tenantId": tenant})
	c.until(t, "joined", func(m message) bool { return m.Type == "joined" })
	return connected{"native", func() string {
		for {
			if _, err := c.next(); err != nil {
				return err.Error()
			}
		}
	}}
}

func connectEvents(t *testing.T, wsURL, token, tenant string) connected {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*timeout)
	t.Cleanup(cancel)
	response := get(ctx, t, httpURL(wsURL, "/events", url.Values{"tenant": {tenant}}), token, "")
	t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() && lines.Text() != "event: joined" {
	}
	return connected{"events", func() string {
		var last string
		for lines.Scan() {
			if lines.Text() != "" {
				last = lines.Text()
			}
		}
		return last
	}}
}

func connectSocketIO(t *testing.T, wsURL, token, tenant string) connected {
	t.Helper()
	c := dialSocketIO(t, wsURL, nil, `40{"token":"`+token+`"}`, `420["join-tenant","`+tenant+`"]`)
	var seen []string
	read := func() error {
		packet, err := c.Read()
		seen = append(seen, packet)
		return err
	}
	for len(seen) == 0 || !strings.HasPrefix(seen[len(seen)-1], "430[") {
		if err := read(); err != nil {
			t.Fatalf("%v after %q", err, seen)
		}
	}
	return connected{"Socket.IO", func() string {
		for {
			if err := read(); err != nil {
				return seen[len(seen)-2] + " " + err.Error()
			}
		}
	}}
}

func connectPolling(t *testing.T, wsURL, token, tenant string) connected {
	t.Helper()
	query := url.Values{"EIO": {"4"}, "transport": {"polling"}}
	_, opened := request(t, http.MethodGet, httpURL(wsURL, "/socket.io/", query), "", "")
	query.Set("sid", regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(opened)[1])
	address := httpURL(wsURL, "/socket.io/", query)
	if status, said := request(t, http.MethodPost, address, "", `40{"token":"`+token+`"}`+"\x1e"+`420["join-tenant","`+tenant+`"]`); status != http.StatusOK {
		t.Fatalf("%d %s", status, said)
	}
	for said := ""; !strings.Contains(said, "430["); {
		var status int
		if status, said = request(t, http.MethodGet, address, "", ""); status != http.StatusOK {
			t.Fatalf("%d %s", status, said)
		}
	}
	return connected{"polling", func() string {
		for {
			if status, said := request(t, http.MethodGet, address, "", ""); status != http.StatusOK || slices.Contains(strings.Split(said, "\x1e"), "41") {
				return fmt.Sprint(status, " ", said)
			}
		}
	}}
}

// TestRevocationReachesEveryTransportOfEveryServer has clients on every wire of two
// servers, revokes them by each condition, and tries to come in again in every
// way. Others stay.
func TestRevocationReachesEveryTransportOfEveryServer(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	one, _ := serve(t, s)
	two, _ := serve(t, s)
	revoke := func(says string, args ...string) string {
		t.Helper()
		code, stdout, stderr := rowcast(t, environ, append([]string{"revoke"}, args...)...)
		if code != program.ExitOK || !strings.Contains(stdout, says) {
			t.Fatalf("revoke %q: %d %q %q", args, code, stdout, stderr)
		}
		return stdout
	}
	for _, test := range []struct {
		args string
		// subject, id and tenant are of a token that is not revoked.
		subject, id, tenant string
	}{
		{"--token-id 1", "ann", "2", "T"},
		{"--subject ann", "bob", "1", "T"},
		{"--tenant T", "ann", "1", "U"},
		{"--issued-before now --subject ann", "bob", "1", "T"},
		{"--subject ann --tenant T", "ann", "1", "U"},
	} {
		token, other := person(t, "ann", "1", "T"), person(t, test.subject, test.id, test.tenant)
		var clients []connected
		var others []*client
		tickets := map[string]string{}
		for _, url := range []string{one, two} {
			for _, connect := range []func(*testing.T, string, string, string) connected{connectNative, connectEvents, connectSocketIO, connectPolling} {
				clients = append(clients, connect(t, url, token, "T"))
			}
			c, err := dialFeed(t.Context(), url, other)
			if err != nil {
				t.Fatal(err)
			}
			others = append(others, c)
			var ticket struct{ Ticket string }
			if _, said := request(t, http.MethodPost, httpURL(url, "/tickets", nil), token, ""); json.Unmarshal([]byte(said), &ticket) != nil {
				t.Fatal(said)
			}
			tickets[url] = ticket.Ticket
		}
		said := revoke("revoked as ", append(strings.Fields(test.args), "--reason", "left us")...)
		for _, c := range clients {
			end := c.wait()
			for _, says := range map[string][]string{
				"native": {"4505", "revoked"}, "events": {`"code":4505`, `"reason":"revoked"`}, "Socket.IO": {"41 websocket: close 4505"}, "polling": {"200 41"},
			}[c.name] {
				if !strings.Contains(end, says) {
					t.Errorf("%s: a client of %s sees %q; want %q", test.args, c.name, end, says)
				}
			}
		}
		for url, ticket := range tickets {
			refusedEverywhere(t, test.args, url, token, ticket)
		}
		for _, c := range others {
			c.send(t, map[string]any{"type": "ping"})
			c.until(t, "pong", func(m message) bool { return m.Type == "pong" })
			_ = c.conn.Close()
		}
		number := regexp.MustCompile(`\d+`).FindString(said)
		if list := revoke("left us", "--list"); strings.Count(list, "\n") != 2 || !strings.Contains(list, number+"  ") {
			t.Errorf("--list says\n%s", list)
		}
		revoke("undone", "--undo", number)
		for _, url := range []string{one, two} {
			history := httpURL(url, "/history", nil)
			for deadline := time.Now().Add(timeout); ; time.Sleep(10 * time.Millisecond) {
				status, said := request(t, http.MethodGet, history, token, "")
				if status == http.StatusOK {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%s is undone, but /history answers %d %s", test.args, status, said)
				}
			}
		}
	}
}

// refusedEverywhere tries to come in with a token, and a ticket that it got
// before, that are revoked.
func refusedEverywhere(t *testing.T, what, wsURL, token, ticket string) {
	t.Helper()
	for _, try := range []struct{ method, path string }{
		{http.MethodPost, "/tickets"}, {http.MethodGet, "/events"}, {http.MethodGet, "/history"}, {http.MethodGet, "/ws"},
	} {
		if try.path == "/ws" {
			_, err := dialFrom(t.Context(), wsURL, "", http.Header{"Authorization": {"Bearer " + token}})
			if err == nil || !strings.Contains(err.Error(), `401`) || !strings.Contains(err.Error(), `"code":"revoked"`) {
				t.Errorf("%s: a handshake with the token is answered with %v", what, err)
			}
			continue
		}
		status, said := request(t, try.method, httpURL(wsURL, try.path, nil), token, "")
		if status != http.StatusUnauthorized || !strings.Contains(said, `"code":"revoked"`) {
			t.Errorf("%s: %s is answered with %d %s", what, try.path, status, said)
		}
	}
	if c, err := dialFeed(t.Context(), wsURL, token); err != nil {
		t.Errorf("%s: the token as subprotocol: %v", what, err)
	} else if _, err := c.next(); !websocket.IsCloseError(err, 4505) {
		t.Errorf("%s: the token as subprotocol: %v", what, err)
	}
	if status, said := request(t, http.MethodGet, httpURL(wsURL, "/history", url.Values{"ticket": {ticket}}), "", ""); status != http.StatusUnauthorized {
		t.Errorf("%s: a ticket of before is answered with %d %s", what, status, said)
	}
	c := dialSocketIO(t, wsURL, nil, fmt.Sprintf(`40{"token":%q}`, token))
	defer c.Close()
	for packet := ""; !strings.HasPrefix(packet, "44"); {
		if packet = c.Next(); strings.HasPrefix(packet, "40") {
			t.Fatalf("%s: Socket.IO answers %s", what, packet)
		}
		if strings.HasPrefix(packet, "44") && !strings.Contains(packet, `"code":"revoked"`) {
			t.Errorf("%s: Socket.IO answers %s", what, packet)
		}
	}
}

// TestRevokeNamesSomething: a flag that is given with empty text, as by a script
// whose variable is empty, is no condition left out.
func TestRevokeNamesSomething(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"--subject=", program.ExitFailure, "1 to 255 bytes"},
		{"--subject= --issued-before now", program.ExitFailure, "1 to 255 bytes"},
		{"--token-id= --subject ann", program.ExitFailure, "1 to 255 bytes"},
		{"--tenant= --subject ann", program.ExitFailure, "1 to 255 bytes"},
		{"--issued-before= --subject ann", program.ExitUsage, "give a time as in"},
	} {
		code, stdout, stderr := rowcast(t, environ, append([]string{"revoke"}, strings.Fields(test.args)...)...)
		if code != test.code || !strings.Contains(stderr, test.says) {
			t.Errorf("revoke %s: %d %q %q; want %q", test.args, code, stdout, stderr, test.says)
		}
	}
	s.Exec(t, `alter table rowcast.revocation disable trigger revocation_names`)
	s.Exec(t, `insert into rowcast.revocation (tenant, issued_before, until) values ('', '2020-01-01', '2999-01-01')`)
	if code, list, stderr := rowcast(t, environ, "revoke", "--list"); code != program.ExitOK || strings.Count(list, "\n") != 2 || !strings.Contains(list, "of no effect") {
		t.Errorf("--list says %d\n%s%s", code, list, stderr)
	}
}

func TestRevokeMistakesAreNamed(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"":                                     {program.ExitFailure, "To revoke every token"},
		"--issued-before yesterday":            {program.ExitUsage, "give a time as in"},
		"--issued-before 2999-01-01T00:00:00Z": {program.ExitFailure, "lies in the future"},
		"--undo 7":                             {program.ExitFailure, "rowcast revoke --list"},
		"--undo 7 --list":                      {program.ExitUsage, "exclude each other"},
		"--undo x":                             {program.ExitUsage, "whole number"},
		"--lifetime 0s --subject ann":          {program.ExitFailure, "longer than 0"},
		"ann":                                  {program.ExitUsage, "takes no argument"},
	} {
		code, stdout, stderr := rowcast(t, []string{"DATABASE_URL=" + s.DSN}, append([]string{"revoke"}, strings.Fields(args)...)...)
		if code != want.code || !strings.Contains(stderr, want.says) || strings.Contains(stderr, "SQLSTATE") {
			t.Errorf("revoke %s: %d %q %q; want %q", args, code, stdout, stderr, want.says)
		}
	}
	code, _, stderr := rowcast(t, nil, "revoke", "--subject", "ann")
	if code != program.ExitUsage || !strings.Contains(stderr, "DATABASE_URL") {
		t.Errorf("without a database: %d %q", code, stderr)
	}
}
