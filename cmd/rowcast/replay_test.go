package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
)

// TestReplayReachesClients has psql replay what a COPY and single statements
// did, to a client that listens and to one that was away.
func TestReplayReachesClients(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	wsURL, _ := serve(t, s)
	const acme = inventory.AcmeID
	c, joined := join(t, wsURL, acme, "")
	other, otherJoined := join(t, wsURL, inventory.BorealisID, "")
	const rows = 1500 // told as one bulk event at first
	s.Exec(t, fmt.Sprintf(`insert into orders (tenant_id, order_number, customer) select '%s', 'R' || n, 'C' from generate_series(1, %d) n`, acme, rows),
		`update orders set status = 'processing' where order_number = 'R1'`, `delete from orders where order_number = 'R2'`)
	last := c.until(t, "the delete", func(m message) bool { return m.Event == "order:deleted" })
	if last.Position != joined.Position+rows+2 {
		t.Fatalf("the delete has position %d after %d", last.Position, joined.Position)
	}
	pgtest.Psql(t, s.DSN, "-f", "../../sql/replay.sql", "-v", "tenant="+acme,
		"-v", fmt.Sprintf("first=%d", joined.Position+1), "-v", fmt.Sprintf("last=%d", last.Position))

	check := func(who string, next func() message) {
		t.Helper()
		for n := int64(1); n <= rows+1; n++ {
			m := next()
			number, status := fmt.Sprintf(`"order_number":"R%d"`, n), `"status":"pending"`
			if n == rows+1 {
				number, status = `"order_number":"R1"`, `"status":"processing"`
			}
			if m.Event != "order:replayed" || m.Position != last.Position+n || m.Source.Op != "replay" || m.Source.Table != "orders" ||
				m.Source.Writer != "psql" || m.Changed != nil || m.Previous != nil || m.From != 0 ||
				!strings.Contains(string(m.Data), number) || !strings.Contains(string(m.Data), status) {
				t.Fatalf("%s: event %d is %+v %s", who, n, m, m.Data)
			}
		}
	}
	live := func(c *client) func() message {
		return func() message {
			return c.until(t, "an event", func(m message) bool { return m.Type == "event" && !strings.HasPrefix(m.Event, "dashboard:") })
		}
	}
	check("live", live(c))
	away, _ := join(t, wsURL, acme, last.Cursor)
	check("away", live(away))
	stream, _ := listenTo(t, wsURL, acme, last.Cursor)
	check("stream", func() message { _, m := stream.next(t); return m })
	stream.stop()
	// One that had not received all of the bulk event gets the rest, and then the replay.
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+acme+`', 'after', 'C')`)
	if m := live(c)(); m.Event != "order:created" || m.Position != last.Position+rows+2 {
		t.Errorf("after the replay comes %+v", m)
	}
	// Nobody else has heard of it.
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.BorealisID+`', 'other', 'C')`)
	if m := live(other)(); m.Event != "order:created" || m.Position != otherJoined.Position+1 {
		t.Errorf("the other tenant gets %+v", m)
	}
	response := get(t.Context(), t, httpURL(wsURL, "/history", url.Values{"tenant": {acme}, "after": {last.Cursor}, "limit": {"1"}}), token(t, acme), "")
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), `"event":"order:replayed"`) || !strings.Contains(string(body), `"op":"replay"`) {
		t.Errorf("history after the replay: %s %s %v", response.Status, body, err)
	}
}
