package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub/signal"
	"rowcast/internal/mapping"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/transport/sse"
	"rowcast/internal/view"
	"rowcast/internal/view/where"
)

// said is when the server sends a message.
type said struct {
	message []byte
	when    string
}

// signals has one message for each kind of signal there is, in the order of their
// numbers. encode gives nothing for a kind that is unknown.
func signals(encode func(s *signal.Signal) []byte, when map[signal.Kind]string) (list []said) {
	for kind := signal.Joined; int(kind) <= len(signalTimes); kind++ {
		s := signal.Signal{Kind: kind, Tenant: "acme", Cursor: exampleCursor}
		switch kind {
		case signal.Joined:
			s.Note = &signal.Note{Events: []string{"order:*"}, Holes: true, Hint: "…"}
		case signal.Reset:
			s.Reason = feed.ErrExpired.Error()
		}
		if message := encode(&s); len(message) > 0 {
			list = append(list, said{message, when[kind]})
		}
	}
	return list
}

var exampleCursor = feed.Cursor{Epoch: "a5f7ff69b4c7", Position: 162, Nonce: 1234567890123}

// signalTimes says when the hub sends a signal.
var signalTimes = map[signal.Kind]string{
	signal.Joined:   "the tenant is joined. `events` is the filter in effect. `holes` is true where rows may be for somebody else. `hint` says what cannot be meant",
	signal.Left:     "the tenant is no longer joined",
	signal.Progress: "everything up to the cursor was delivered, or does not pass the filter: at least every 10 s after something that did not pass, every 60 s else",
	signal.Reset:    "the history after the client's cursor is gone (`expired`, `diverged`), the cursor is none (`invalid`), or what the client may see has changed (`policy`): reload, and go on from this one",
	signal.Ping:     "answer with `pong`",
	signal.Expiring: "the token ends in 30 s: send a fresh one with `auth`",
	signal.Stale:    "the server has not had the newest changes for 5 s; `progress` follows when it has",
}

// exampleView is that of the notes "b".
func exampleView(t *testing.T) *view.View {
	t.Helper()
	filter, err := where.Parse([]byte(`{"note":{"note":"b"}}`))
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]map[string]where.Column{"note": {"note": {Type: "text", Kind: where.Text}}}
	bound, err := filter.Bind(t.Context(), tables, func(context.Context, []where.Wanted) ([]json.RawMessage, error) {
		return []json.RawMessage{json.RawMessage(`"b"`)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return view.New(filter.Canonical(), bound)
}

// exampleEvents has an event of each form.
func exampleEvents(t *testing.T) (list []said) {
	t.Helper()
	change := func(op feed.Op, after, before string) *feed.Change {
		return &feed.Change{
			Epoch: exampleCursor.Epoch, Tenant: "acme", From: 163, Position: 163, Nonce: exampleCursor.Nonce, Table: "notes", Name: "note", Op: op,
			After: json.RawMessage(after), Before: json.RawMessage(before), At: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC), Tx: 7391, Writer: "psql",
		}
	}
	bulk, unreadable := change(feed.Insert, "", ""), change(feed.Update, "", "")
	bulk.Bulk, bulk.Position = true, 5162
	unreadable.Unreadable = &feed.Unreadable{Reason: feed.Size}
	unordered := change(feed.Unordered, "", "")
	unordered.Bulk = true
	for _, e := range []struct {
		c    *feed.Change
		when string
	}{
		{change(feed.Insert, `{"id":7,"tenant_id":"acme","note":"a"}`, ""), "a row was inserted; it is `data`"},
		{change(feed.Update, `{"id":7,"tenant_id":"acme","note":"b"}`, `{"id":7,"tenant_id":"acme","note":"a"}`), "a row was updated: `changed` names the columns, `previous` has what they were"},
		{change(feed.Delete, "", `{"id":7,"tenant_id":"acme","note":"b"}`), "a row was deleted; it is `data`"},
		{bulk, "a statement changed many rows: they take the positions `from` to `position`, and are in the history"},
		{unordered, "what came before can be in the wrong order: reload the table"},
		{change(feed.Truncate, "", ""), "the table was truncated"},
		{unreadable, "a change cannot be sent with its row"},
	} {
		for _, event := range mapping.Events(e.c) {
			list = append(list, said{encode.AppendEvent(nil, &event), e.when})
		}
	}
	for _, e := range []struct{ after, before, when string }{
		{`{"id":7,"tenant_id":"acme","note":"b"}`, `{"id":7,"tenant_id":"acme","note":"a"}`, "with `where`: an update made the row one that is wanted; `data` is the row as it is"},
		{`{"id":7,"tenant_id":"acme","note":"a"}`, `{"id":7,"tenant_id":"acme","note":"b"}`, "with `where`: an update made the row one that is not wanted any more; `data` is the row as it was"},
	} {
		var looked view.Change
		c := change(feed.Update, e.after, e.before)
		looked.Set(c, nil)
		looked.With(mapping.Events(c))
		list = append(list, said{encode.AppendEvent(nil, looked.See(exampleView(t).Decide(&looked)[0], 0)), e.when})
	}
	dashboard := mapping.DashboardEvent("acme", []string{"orders"}, feed.Head{Epoch: exampleCursor.Epoch, Position: 163, Nonce: exampleCursor.Nonce}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	return append(list, said{encode.AppendEvent(nil, &dashboard), "tables of the inventory changed, at most once a second; it is in no history"})
}

// protocolTables are those of PROTOCOL.md.
func protocolTables(t *testing.T) map[string]string {
	t.Helper()
	refusal := &transport.Refusal{Code: transport.Forbidden, Message: "the token does not name this tenant"}
	server := append([]said{{encode.AppendWelcome(nil, 25*time.Second, 20*time.Second), "at once; silence of both times together is a lost connection"}},
		signals(func(s *signal.Signal) []byte { return encode.AppendSignal(nil, s) }, signalTimes)...)
	tagged := exampleCursor
	tagged.Tag = "1rq8z0kd"
	reset := signal.Signal{Kind: signal.Reset, Tenant: "acme", Cursor: tagged, Reason: feed.ErrPolicy.Error(), RetryAfter: 1800 * time.Millisecond}
	server = append(server, said{encode.AppendSignal(nil, &reset), "`reset` where many clients have to reload at once: go on from the cursor now, and reload after so many milliseconds"})
	server = append(server, exampleEvents(t)...)
	server = append(server, said{encode.AppendPong(nil), "answers `ping`"},
		said{encode.AppendError(nil, refusal.Code, refusal.Message, transport.CommandJoin, "acme"), "a request is refused; without `request` it could not be read"})
	var stream strings.Builder
	for _, s := range signals(func(s *signal.Signal) []byte { return sse.Encoder{}.AppendSignal(nil, s) }, signalTimes) {
		stream.Write(s.message)
	}
	stream.Write(sse.Encoder{}.AppendClose(nil, signal.Shutdown, "retry=2s"))
	return map[string]string{
		"server": saidTable(t, server), "client": saidTable(t, commands(t)), "sse": "```\n" + stream.String() + "```\n",
	}
}

func saidTable(t *testing.T, list []said) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| message | when |\n|---|---|\n")
	for _, s := range list {
		if s.when == "" || !json.Valid(s.message) {
			t.Fatalf("nothing says when %s is sent, or it is no JSON", s.message)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", s.message, s.when)
	}
	return b.String()
}

// commands are the messages of a client, which have every field that is read.
func commands(t *testing.T) []said {
	t.Helper()
	list := []said{
		{[]byte(`{"type":"auth","token":"…"}`), "to say who one is, first or with a fresh token of the same subject"},
		{[]byte(`{"type":"join-tenant","tenantId":"acme","cursor":"` + exampleCursor.String() + `","events":["order:*"],"where":{"order":{"status":{"in":["open","held"]}}}}`), "to follow a tenant, from the cursor if there is one; `events` is a filter by name, [`where`](CLIENTS.md#only-some-rows) one by rows; joining again replaces both"},
		{[]byte(`{"type":"leave-tenant","tenantId":"acme"}`), "to follow it no longer"},
		{[]byte(`{"type":"ping"}`), "to see whether the server is there"},
		{[]byte(`{"type":"pong"}`), "to answer `ping`"},
	}
	read := map[string]bool{}
	for _, s := range list {
		c, err := transport.ParseCommand(s.message)
		if err != nil {
			t.Fatalf("%s: %v", s.message, err)
		}
		v := reflect.ValueOf(c)
		for i := range v.NumField() {
			if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name != "-" && !v.Field(i).IsZero() {
				read[name] = true
			}
		}
	}
	for field := range reflect.TypeFor[transport.Command]().Fields() {
		if name := field.Tag.Get("json"); name != "-" && !read[name] {
			t.Fatalf("no message of a client has the field %q", name)
		}
	}
	return list
}

// TestEverySignalIsInTheContract: a kind of signal that is new is described.
func TestEverySignalIsInTheContract(t *testing.T) {
	t.Parallel()
	next := signal.Kind(len(signalTimes) + 1)
	if message := encode.AppendSignal(nil, &signal.Signal{Kind: next}); len(message) > 0 || len(signals(func(s *signal.Signal) []byte { return encode.AppendSignal(nil, s) }, signalTimes)) != len(signalTimes) {
		t.Errorf("signalTimes lacks a kind: %s", message)
	}
}
