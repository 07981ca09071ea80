package sse_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/raw"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/transport/sse"
)

// TestFrames are those of the wire contract, byte by byte.
func TestFrames(t *testing.T) {
	t.Parallel()
	cursor := feed.Cursor{Epoch: "f1", Position: 42, Nonce: 35}
	text := func(kind signal.Kind) string {
		return string(sse.Encoder{}.AppendSignal(nil, &signal.Signal{Kind: kind, Tenant: "T", Cursor: cursor, Reason: "expired", RequestID: 9}))
	}
	end := func(code errcode.Code, detail string) string {
		return string(sse.Encoder{}.AppendClose(nil, code, detail))
	}
	for want, got := range map[string]string{
		"id: f1.42.z\nevent: joined\ndata: {\"type\":\"joined\",\"tenantId\":\"T\",\"cursor\":\"f1.42.z\",\"position\":42}\n\n":                                    text(signal.Joined),
		"id: f1.42.z\nevent: progress\ndata: {\"type\":\"progress\",\"tenantId\":\"T\",\"cursor\":\"f1.42.z\",\"position\":42}\n\n":                                text(signal.Progress),
		"id: f1.42.z\nevent: reset\ndata: {\"type\":\"reset\",\"tenantId\":\"T\",\"cursor\":\"f1.42.z\",\"position\":42,\"reason\":\"expired\"}\n\n":               text(signal.Reset),
		"event: stale\ndata: {\"type\":\"error\",\"code\":\"stale\",\"message\":\"events are late; they follow when the server can read the database again\"}\n\n": text(signal.Stale),
		"event: token-expiring\ndata: {\"type\":\"token-expiring\"}\n\n":                                                                                           text(signal.Expiring),
		": ping\n\n": text(signal.Ping),
		"retry: 1234\nevent: closed\ndata: {\"type\":\"closed\",\"code\":4001,\"reason\":\"shutdown\"}\n\n": end(signal.Shutdown, "retry=1234ms"),
		"event: closed\ndata: {\"type\":\"closed\",\"code\":4001,\"reason\":\"shutdown\"}\n\n":              end(signal.Shutdown, ""),
		"event: closed\ndata: {\"type\":\"closed\",\"code\":4003,\"reason\":\"token-expired\"}\n\n":         end(transport.TokenExpired, "retry=soon"),
		"id: f1.42.z\nevent: order:updated\ndata: {\"type\":\"event\",\"event\":\"order:updated\",\"tenantId\":\"T\",\"position\":42," +
			"\"cursor\":\"f1.42.z\",\"at\":\"2026-01-02T03:04:05.678901Z\",\"data\":{\"id\":1},\"changed\":[\"status\"],\"previous\":{}}\n\n": string(
			sse.Encoder{}.AppendEvent(nil, &feed.Event{
				Name: "order:updated", Tenant: "T", Position: 42, Cursor: cursor, At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC),
				Data: []byte(`{"id":1}`), Changed: []string{"status"},
			})),
	} {
		if got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	for name, silent := range map[string]string{"left": text(signal.Left), "gone": end(signal.Gone, "")} {
		if silent != "" {
			t.Errorf("%s is told: %q", name, silent)
		}
	}
}

// whole says whether a frame is one event with the name and the JSON, blanks
// for its line breaks.
func whole(t *testing.T, name, data string) {
	t.Helper()
	at := feed.Cursor{Epoch: "f1", Position: 7, Nonce: 1}
	e := feed.Event{Name: name, Tenant: "T\r\nid: x", Position: 7, Cursor: at, Data: []byte(data), At: time.Unix(0, 0)}
	frame := sse.Encoder{}.AppendEvent([]byte(": before\n\n"), &e)
	s := &stream{events: raw.NewEvents(bytes.NewReader(frame)), t: t}
	if before, err := s.read(); err != nil || before.wire.Comment != "before" {
		t.Fatalf("%q: %+v, %v", frame, before, err)
	}
	flat := strings.NewReplacer("\n", " ", "\r", " ").Replace
	got, err := s.read()
	want := string(encode.AppendEvent(nil, &e))
	if err != nil || got.wire.Name != flat(name) || got.wire.ID != at.String() || got.wire.Data != flat(want) {
		t.Fatalf("%q is read as %+v, %v", frame, got, err)
	}
	if _, err := s.read(); !errors.Is(err, io.EOF) {
		t.Fatalf("%q is more than one event", frame)
	}
	if json.Valid([]byte(want)) {
		var a, b any
		if json.Unmarshal([]byte(want), &a) != nil || json.Unmarshal([]byte(got.wire.Data), &b) != nil {
			t.Fatalf("%q is no JSON any more", got.wire.Data)
		}
	}
}

func TestFramesAreEvents(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"{}", "{\"a\":\n1}", "{\r\n\"a\":\r1}\n", "\n\n{\n\n\"a\" : 1\n\n}\n\n", `{"a":"\n\ndata: x\r\n"}`, "{\"a\":\"\u2028\u2029\u0085\"}",
		"{\"a\":\"\x00\"}", "{\n\nevent: evil\n\n}", "{" + strings.Repeat("\n", 5000) + "}",
	} {
		whole(t, "order:created", data)
	}
	whole(t, "or\nder:cre\rated", "{}")
}

func FuzzFrame(f *testing.F) {
	for _, seed := range []string{"{}", "{\r\n\"a\":\r1}\n", "\n\n{\n\"data: \" : 1}\n\nid: 7\n\n", "\xff\x00"} {
		f.Add("order:created", seed)
	}
	f.Add("a\nb\rc", "{}")
	f.Fuzz(func(t *testing.T, name, data string) {
		if data == "" {
			data = "{}"
		}
		if strings.HasPrefix(name, " ") { // the blank after the colon
			return
		}
		whole(t, name, data)
	})
}
