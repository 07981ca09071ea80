package transport_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
)

// TestMessages are those of the wire contract, byte by byte.
func TestMessages(t *testing.T) {
	t.Parallel()
	cursor := feed.Cursor{Epoch: "f1", Position: 42, Nonce: 35}
	at := time.Date(2026, 1, 2, 4, 4, 5, 678901999, time.FixedZone("", 3600))
	text := func(kind signal.Kind) string {
		return string(encode.AppendSignal(nil, &signal.Signal{Kind: kind, Tenant: "T", Cursor: cursor, Reason: "expired", RequestID: 9}))
	}
	for want, got := range map[string]string{
		`{"type":"welcome","protocol":1,"pingInterval":25000,"pingTimeout":20000}`: string(
			encode.AppendWelcome(nil, 25*time.Second, 20*time.Second)),
		`{"type":"joined","tenantId":"T","cursor":"f1.42.z","position":42}`:                                                    text(signal.Joined),
		`{"type":"progress","tenantId":"T","cursor":"f1.42.z","position":42}`:                                                  text(signal.Progress),
		`{"type":"reset","tenantId":"T","cursor":"f1.42.z","position":42,"reason":"expired"}`:                                  text(signal.Reset),
		`{"type":"left","tenantId":"T"}`:                                                                                       text(signal.Left),
		`{"type":"ping"}`:                                                                                                      text(signal.Ping),
		`{"type":"error","code":"stale","message":"events are late; they follow when the server can read the database again"}`: text(signal.Stale),
		`{"type":"token-expiring"}`:                                                                                            text(signal.Expiring),
		`{"type":"pong"}`:                                                                                                      string(encode.AppendPong(nil)),
		`{"type":"error","code":"forbidden","message":"no","request":"join-tenant","tenantId":"U"}`: string(
			encode.AppendError(nil, transport.Forbidden, "no", "join-tenant", "U")),
		`{"type":"event","event":"order:updated","tenantId":"T","position":42,"cursor":"f1.42.z",` +
			`"at":"2026-01-02T03:04:05.678901Z","data":{"id":1},"changed":["status","a\"b"],"previous":{"status":"pending"},` +
			`"source":{"table":"orders","op":"update","tx":"7391","writer":"psql"}}`: string(encode.AppendEvent(nil, &feed.Event{
			Name: "order:updated", Tenant: "T", Position: 42, Cursor: cursor, At: at, Data: []byte(`{"id":1}`),
			Changed: []string{"status", `a"b`}, Previous: []byte(`{"status":"pending"}`),
			Source: feed.Source{Table: "orders", Op: "update", Tx: "7391", Writer: "psql"},
		})),
		`{"type":"event","event":"order:bulk","tenantId":"T","from":2,"position":42,"cursor":"f1.42.z",` +
			`"at":"2026-01-02T03:04:05.678901Z","data":{}}`: string(encode.AppendEvent(nil, &feed.Event{
			Name: "order:bulk", Tenant: "T", From: 2, Position: 42, Cursor: cursor, At: at,
		})),
		`{"type":"event","event":"order:unreadable","tenantId":"T","position":42,"cursor":"f1.42.z",` +
			`"at":"2026-01-02T03:04:05.678901Z","data":{"operation":"update","table":"orders","reason":"size"},"unreadable":true,"reason":"size",` +
			`"source":{"table":"orders","op":"update","tx":"7391","writer":"psql"}}`: string(encode.AppendEvent(nil, unreadable(&feed.Event{
			Name: "order:updated", Tenant: "T", Position: 42, Cursor: cursor, At: at, Data: []byte(`{"id":1}`),
			Changed: []string{"status"}, Previous: []byte(`{"status":"pending"}`),
			Source: feed.Source{Table: "orders", Op: "update", Tx: "7391", Writer: "psql"},
		}))),
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func unreadable(e *feed.Event) *feed.Event {
	return new(e.Without(&feed.Unreadable{Reason: feed.Size, Detail: "for operators"}))
}

// TestRefusalsAreWhole: a refusal names the request and the tenant as they were sent,
// however long, so that a client knows its own.
func TestRefusalsAreWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"a", "é", "語", "😀", `"`, "\n"}).Draw(t, "unit")
		shift := rapid.SampledFrom([]string{"", "x", "xy"}).Draw(t, "shift")
		tenant := shift + strings.Repeat(unit, rapid.SampledFrom([]int{1, 31, 32, 63, 64, 127, 128, 129, 255, 256, 20_000}).Draw(t, "length"))
		request := rapid.SampledFrom([]string{"join-tenant", "auth", strings.Repeat(unit, 200)}).Draw(t, "request")
		var got struct{ Request, TenantID string }
		text := encode.AppendError(nil, transport.Forbidden, "no", request, tenant)
		if err := json.Unmarshal(text, &got); err != nil || got.TenantID != tenant || got.Request != request {
			t.Fatalf("%q of %q is answered with %s, %v", request, tenant, text, err)
		}
	})
}

func TestStringsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.SampledFrom([]byte("a\"\\/\x00\n\x1f\x7f<\xc3\xa9\xe2\x82\xac\xff\xed\xa0\x80"))).Draw(t, "bytes")
		text := encode.AppendString([]byte("[1,"), string(b))
		var got []any
		if err := json.Unmarshal(append(text, ']'), &got); err != nil || !utf8.Valid(text) {
			t.Fatalf("%q: %v", text, err)
		}
		quoted, err := json.Marshal(string(b))
		if err != nil {
			t.Fatal(err)
		}
		var want string
		if err := json.Unmarshal(quoted, &want); err != nil {
			t.Fatal(err)
		}
		if got[1] != want {
			t.Fatalf("%q becomes %q, want %q", b, got[1], want)
		}
	})
}

// FuzzCommand: whatever a client sends, the answer is valid JSON.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		`{"type":"join-tenant","tenantId":"T","cursor":"f1.1.z","events":["order:*"]}`,
		`{"type":"auth","token":"a.b.c"}`, `{"type":"ping"}`, `[]`, `null`, `{"type":1}`, `{"type":"\ud800"}`, `{"events":{}}`, "{",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		command, err := transport.ParseCommand(message)
		if err == nil {
			switch command.Type {
			case transport.CommandJoin, transport.CommandLeave:
				if command.Tenant == "" {
					t.Fatal("no tenant")
				}
			case transport.CommandAuth:
				if command.Token == "" {
					t.Fatal("no token")
				}
			case transport.CommandPing, transport.CommandPong:
			default:
				t.Fatalf("type %q", command.Type)
			}
			return
		}
		refused, ok := err.(*transport.Refusal) //nolint:errorlint // the documented type
		if !ok || refused.Code != transport.BadRequest || refused.Message == "" {
			t.Fatalf("%T %v", err, err)
		}
		if answer := encode.AppendError(nil, refused.Code, refused.Message, command.Type, command.Tenant); !json.Valid(answer) {
			t.Fatalf("%q", answer)
		}
	})
}

// TestCommandErrorsSayWhat names the field or place that is wrong.
func TestCommandErrorsSayWhat(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		`{"type":"join-tenant"}`:                                   `bad-request: join-tenant needs "tenantId", a tenant as text or whole number`,
		`{"type":"join-tenant","tenantId":7}`:                      "",
		`{"type":"leave-tenant","tenantId":-7}`:                    "",
		`{"type":"join-tenant","tenantId":7.5}`:                    `bad-request: "tenantId" is a JSON number; it has to be a text or a whole number`,
		`{"type":"join-tenant","tenantId":"T","events":"order:*"}`: `bad-request: "events" is a JSON string; it has to be a list of texts`,
		`{"type":"join-tenant","tenantId":"T","cursor":4}`:         `bad-request: "cursor" is a JSON number; it has to be a text`,
		`{"type":"auth"}`:                                          `bad-request: auth needs "token", a JWT`,
		`{"type":"jump"}`:                                          `bad-request: unknown type "jump"; there are auth, join-tenant, leave-tenant, ping and pong`,
		`{}`:                                                       `bad-request: the message has no "type"; there are auth, join-tenant, leave-tenant, ping and pong`,
		`[]`:                                                       `bad-request: the message is JSON but no object`,
		`{"type":"ping"`:                                           `bad-request: the message is no JSON: byte 14: unexpected end of JSON input`,
		`{"type":"join-tenant","tenantId":"T"}`:                    "",
		`{"type":"ping","more":{"is":["ignored", 1]}}`:             "",
	} {
		_, err := transport.ParseCommand([]byte(message))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", message, got, want)
		}
	}
}
