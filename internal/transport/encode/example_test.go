package encode_test

import (
	"encoding/json"
	"fmt"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/transport/encode"
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
	if err := json.Unmarshal(encode.AppendEvent(nil, &event), &read); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(read.Type, read.Event, read.TenantID, read.Position, string(read.Data))
	// Output: event order:created acme 1 {"id":1}
}
