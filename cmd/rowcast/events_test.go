package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/raw"
)

// eventStream is a client of /events, as curl is one.
type eventStream struct {
	*raw.Events
	stop context.CancelFunc
}

// httpURL is an address of the server whose WebSocket is at url.
func httpURL(wsURL, path string, query url.Values) string {
	return "http" + strings.TrimSuffix(strings.TrimPrefix(wsURL, "ws"), "/ws") + path + "?" + query.Encode()
}

func get(ctx context.Context, t *testing.T, address, token, lastID string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// listenTo opens a stream and waits until it has joined.
func listenTo(t *testing.T, wsURL, tenant, lastID string, more ...string) (*eventStream, message) {
	t.Helper()
	query := url.Values{"events": {"order:*"}}
	for i := 0; i < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	response := get(ctx, t, httpURL(wsURL, "/events", query), token(t, tenant), lastID)
	t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %v", response.Status, response.Header)
	}
	s := &eventStream{raw.NewEvents(response.Body), cancel}
	name, m := s.next(t)
	if name != "joined" || m.TenantID != tenant {
		t.Fatalf("got %s %+v, want joined", name, m)
	}
	return s, m
}

// next is the next event.
func (s *eventStream) next(t *testing.T) (name string, m message) {
	t.Helper()
	for {
		e, err := s.Read()
		switch {
		case err != nil:
			t.Fatalf("the stream ends: %v", err)
		case e.Name == "closed":
			return e.Name, m
		case e.Comment == "":
			if err := json.Unmarshal([]byte(e.Data), &m); err != nil {
				t.Fatalf("%s: %v", e.Data, err)
			}
			return e.Name, m
		}
	}
}

// TestEventStream has psql write while a client listens, is away, and comes back
// to a server that was started anew.
func TestEventStream(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	wsURL, stop := serve(t, s)
	order := func(number string) {
		t.Helper()
		pgtest.Psql(t, s.DSN, "-c", `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', '`+number+`', 'C')`)
	}
	expect := func(c *eventStream, number string) message {
		t.Helper()
		name, m := c.next(t)
		if name != "order:created" || !strings.Contains(string(m.Data), `"`+number+`"`) || m.Source.Writer != "psql" || m.Cursor != c.LastID {
			t.Fatalf("got %s %+v, want order %s", name, m, number)
		}
		return m
	}
	c, joined := listenTo(t, wsURL, inventory.AcmeID, "")
	order("S1")
	first := expect(c, "S1")
	if first.Position != joined.Position+1 {
		t.Errorf("position %d follows %d", first.Position, joined.Position)
	}
	order("S2")
	expect(c, "S2")
	away := make(chan struct{})
	go func() {
		defer close(away)
		stop()
	}()
	for {
		name, _ := c.next(t)
		if name == "closed" {
			break
		}
	}
	c.stop()
	<-away
	order("S3")

	wsURL, _ = serve(t, s)
	again, _ := listenTo(t, wsURL, inventory.AcmeID, c.LastID, "cursor", joined.Cursor)
	if m := expect(again, "S3"); m.Position != first.Position+2 {
		t.Errorf("position %d; want %d", m.Position, first.Position+2)
	}
	order("S4")
	expect(again, "S4")
	again.stop()
}

// TestHistoryOverHTTP reads what a COPY did, which the stream tells as one
// event, row by row, and then goes on with the stream where the history ends.
func TestHistoryOverHTTP(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	wsURL, _ := serve(t, s)
	c, joined := listenTo(t, wsURL, inventory.AcmeID, "")
	const rows = 2500
	s.Exec(t, fmt.Sprintf(`insert into orders (tenant_id, order_number, customer)
		select '%s', 'H' || n, 'C' from generate_series(1, %d) n`, inventory.AcmeID, rows))
	if name, m := c.next(t); name != "order:bulk" || m.Position-m.From != rows-1 {
		t.Fatalf("got %s %+v", name, m)
	}
	c.stop()
	after := joined.Cursor
	for n := 1; ; {
		query := url.Values{"tenant": {inventory.AcmeID}, "events": {"order:*"}}
		query.Set("after", after)
		response := get(t.Context(), t, httpURL(wsURL, "/history", query), token(t, inventory.AcmeID, "other"), "")
		var page struct {
			Events []message
			Cursor string
			More   bool
		}
		err := json.NewDecoder(response.Body).Decode(&page)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || len(page.Events) > 500 {
			t.Fatalf("%s, %d events, %v", response.Status, len(page.Events), err)
		}
		for _, m := range page.Events {
			if m.Event != "order:created" || m.Position != joined.Position+int64(n) || !strings.Contains(string(m.Data), fmt.Sprintf(`"H%d"`, n)) {
				t.Fatalf("event %d is %+v %s", n, m, m.Data)
			}
			n++
		}
		after = page.Cursor
		if page.More {
			continue
		}
		if n != rows+1 {
			t.Fatalf("%d rows", n-1)
		}
		break
	}
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'last', 'C')`)
	c, _ = listenTo(t, wsURL, inventory.AcmeID, "", "cursor", after)
	if name, m := c.next(t); name != "order:created" || !strings.Contains(string(m.Data), `"last"`) {
		t.Errorf("after the history comes %s %+v", name, m)
	}
	c.stop()
}
