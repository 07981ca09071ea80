package transport_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/transport"
)

// An event has the same JSON on every transport.
func ExampleAppendEvent() {
	event := feed.Event{
		Name: "order:created", Tenant: "acme", Position: 1, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Data: json.RawMessage(`{"id":1}`), Source: feed.Source{Table: "orders", Op: "insert", Tx: "751", Writer: "psql"},
	}
	var read struct {
		Type, Event, TenantID string
		Position              int64
		Data                  json.RawMessage
	}
	if err := json.Unmarshal(transport.AppendEvent(nil, &event), &read); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Type, read.Event, read.TenantID, read.Position, string(read.Data))
	// Output: event order:created acme 1 {"id":1}
}

// What a client says is one of a few commands, or is refused with a reason.
func ExampleParseCommand() {
	_, err := transport.ParseCommand([]byte(`{"type":"join-tenant","tenantId":"acme","events":["order:*"]}`))
	fmt.Println(err)
	_, err = transport.ParseCommand([]byte(`{"type":"subscribe"}`))
	fmt.Println(err != nil)
	// Output:
	// <nil>
	// true
}

// Requests that are refused get a problem document.
func ExampleWriteProblem() {
	w := httptest.NewRecorder()
	transport.WriteProblem(w, 404, transport.NotFound, "there is nothing here")
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 404 application/problem+json
}
