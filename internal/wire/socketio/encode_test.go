package socketio_test

import (
	"strings"
	"testing"

	"rowcast/internal/wire/socketio"
	"rowcast/internal/wire/websocket"
)

// messages are the payloads of frames, binary ones with a leading 'b'.
func messages(t testing.TB, frames []byte) (list []string) {
	t.Helper()
	for len(frames) > 0 {
		kind, payload, whole := websocket.Cut(frames)
		if payload == nil {
			t.Fatalf("%q is no frame", frames)
		}
		prefix := ""
		if kind == websocket.Binary {
			prefix = "b"
		}
		list = append(list, prefix+string(payload))
		frames = frames[whole:]
	}
	return list
}

// TestEncode: complete frames, appended.
func TestEncode(t *testing.T) {
	t.Parallel()
	one := [][]byte{{1, 2}, {}}
	placeholder := asJSON(`{"_placeholder":true,"num":0}`)
	var frames []byte
	var want []string
	for _, c := range []struct {
		want   string
		append func(dst []byte) []byte
	}{
		{`40{"sid":"s"}`, func(b []byte) []byte { return socketio.AppendConnect(b, "/", "s", "") }},
		{`40/x,{"sid":"s","pid":"p"}`, func(b []byte) []byte { return socketio.AppendConnect(b, "/x", "s", "p") }},
		{`44/x,{"message":"say \"no\""}`, func(b []byte) []byte { return socketio.AppendRefusal(b, "/x", `say "no"`, nil) }},
		{`44{"message":"no","data":{"code":1}}`, func(b []byte) []byte { return socketio.AppendRefusal(b, "/", "no", []byte(`{"code":1}`)) }},
		{`41`, func(b []byte) []byte { return socketio.AppendDisconnect(b, "/") }},
		{`41/x,`, func(b []byte) []byte { return socketio.AppendDisconnect(b, "/x") }},
		{`42["a"]`, func(b []byte) []byte { return socketio.AppendEvent(b, "/", "a") }},
		{`42/x,["a",1,{ }]`, func(b []byte) []byte { return socketio.AppendEvent(b, "/x", "a", asJSON("1", "{ }")...) }},
		{"452-[\"a\",{\"_placeholder\":true,\"num\":0}]|b\x01\x02|b", func(b []byte) []byte {
			return socketio.AppendBinaryEvent(b, "/", one, "a", placeholder...)
		}},
		{`43/x,0[]`, func(b []byte) []byte { return socketio.AppendAck(b, "/x", 0) }},
		{`4312[1,"2"]`, func(b []byte) []byte { return socketio.AppendAck(b, "/", 12, asJSON("1", `"2"`)...) }},
	} {
		frames = c.append(frames)
		want = append(want, strings.Split(c.want, "|")...)
	}
	if got := messages(t, frames); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
