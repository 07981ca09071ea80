package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"rowcast/internal/demo/inventory"
)

// TestDrainTurnsUnreadyFirst stops a server that has a client: /readyz is red
// while the client is still served, then the client is told to come back.
func TestDrainTurnsUnreadyFirst(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	r := start(t, s)
	r.ready(t, "readiness", http.StatusOK)
	c, _ := join(t, r.url, inventory.AcmeID, "", "order:*")
	stopped := make(chan struct{})
	go func() {
		r.stop()
		close(stopped)
	}()
	if body := r.ready(t, "red", http.StatusServiceUnavailable); !strings.Contains(body, `"code":"shutdown"`) {
		t.Errorf("/readyz gives the reason %s", body)
	}
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'D1', 'C')`)
	c.events(t, "order:created")
	for {
		_, err := c.next()
		if err == nil {
			continue
		}
		closed, ok := errors.AsType[*websocket.CloseError](err)
		if !ok || closed.Code != 4001 || !strings.Contains(closed.Text, "retry=") {
			t.Errorf("the client ends with %v", err)
		}
		break
	}
	_ = c.conn.Close()
	<-stopped
}
