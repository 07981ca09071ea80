package clients_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"rowcast/internal/test/servetest"
)

// python is the interpreter that has python-socketio.
var python = sync.OnceValues(func() (path string, err error) {
	for _, path := range []string{"python3", "/usr/bin/python3"} { // the second is where Debian has its packages
		if exec.Command(path, "-c", "import socketio, requests, websocket").Run() == nil {
			return path, nil
		}
	}
	return "", missing{errors.New("no Python with python-socketio: install it (Debian, Ubuntu: apt install python3-socketio python3-requests python3-websocket)")}
})

// startPython runs the client on Python.
func startPython(t *testing.T, environ ...string) *node {
	t.Helper()
	path, err := python()
	switch {
	case err != nil && testing.Short():
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return run(t, append([]string{"PYTHONUNBUFFERED=1"}, environ...), path, filepath.Join("python", "socketio_client.py"))
}

// TestPython: a handler of python-socketio is called with the data of an event, and
// with meta if the client asks for that, on every transport, also where others
// recover and after a restart of the server. It renews its token.
func TestPython(t *testing.T) {
	t.Parallel()
	s := servetest.NewTenant(t)
	const all = `null`
	for _, transports := range []string{all, `["websocket"]`, `["polling"]`} {
		for name, c := range map[string]struct{ auth, join, meta, recovery string }{
			"plain":                  {"", `%q`, "", "off"},
			"meta at connect":        {`,"meta":true`, `%q`, "yes", "off"},
			"meta at join":           {"", `{"tenantId":%q,"meta":true}`, "yes", "off"},
			"recovery":               {`,"recovery":false`, `%q`, "", "on"},
			"meta beside recovery":   {`,"recovery":false,"meta":true`, `%q`, "yes", "on"},
			"a filter with recovery": {"", `{"tenantId":%q,"events":["order:*"]}`, "", "on"},
		} {
			if transports != all && name != "plain" && name != "meta at connect" {
				continue // what follows the connection does not know it
			}
			t.Run(fmt.Sprintf("%s by %s", name, transports), func(t *testing.T) {
				t.Parallel()
				s := s.NewTenant(t)
				server := servetest.Start(t, s.DSN, "ROWCAST_SOCKETIO_RECOVERY="+c.recovery)
				proxy := servetest.NewProxy(t, server.Address())
				n := startPython(t, "FEED_URL=http://"+proxy.Address(), "TENANT="+s.ID, "TRANSPORTS="+transports, "META="+c.meta,
					fmt.Sprintf(`AUTH={"token":%q%s}`, servetest.Token(t, s.ID), c.auth), fmt.Sprintf("JOIN="+c.join, s.ID))
				n.joins(t)
				n.created(t, s, c.meta != "", "first")
				if _, err := fmt.Fprintf(n.in, "{\"token\":%q}\n", servetest.Token(t, s.ID)); err != nil {
					t.Fatal(err)
				}
				var answer message
				if h := n.until(t, "renewed"); len(h.Args) != 1 || json.Unmarshal(h.Args[0], &answer) != nil || !answer.OK {
					t.Fatalf("renewed: %s", h.raw)
				}
				server.Kill()
				n.until(t, "disconnect")
				server.Restart(t)
				proxy.Lead(server.Address())
				n.joins(t)
				n.created(t, s, c.meta != "", "second")
			})
		}
	}
}

// joins waits for a client that joins whenever it connects.
func (n *node) joins(t *testing.T) {
	t.Helper()
	n.until(t, "connect")
	var answer message
	if h := n.until(t, "answer"); len(h.Args) != 1 || json.Unmarshal(h.Args[0], &answer) != nil || !answer.OK {
		t.Fatalf("joined: %s", h.raw)
	}
}

// created inserts an order and waits for its event.
func (n *node) created(t *testing.T, s *servetest.Tenant, hasMeta bool, customer string) {
	t.Helper()
	s.Exec(t, insertNamed(customer))
	h := n.until(t, "event")
	var order struct{ Customer string }
	if err := json.Unmarshal(h.Args[0], &order); err != nil || order.Customer != customer {
		t.Fatalf("%s: want the order of %s", h.raw, customer)
	}
	if !hasMeta {
		return
	}
	var m meta
	if err := json.Unmarshal(h.Args[1], &m); err != nil || m.TenantID != s.ID || m.Cursor == "" || m.Source.Table != "orders" {
		t.Fatalf("meta: %s", h.raw)
	}
}
