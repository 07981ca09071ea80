package websocket_test

import (
	"fmt"

	"rowcast/internal/wire/websocket"
)

// A frame is made once, for any number of clients: room for its header, the payload,
// the header.
func ExampleSeal() {
	var frames []byte
	for _, payload := range []string{`{"type":"ping"}`, `{"type":"pong"}`} {
		start := len(frames)
		frames = append(websocket.Open(frames), payload...)
		frames = websocket.Seal(frames, start)
	}

	for len(frames) > 0 {
		kind, payload, whole := websocket.Cut(frames)
		fmt.Println(kind == websocket.Text, string(payload), whole)
		frames = frames[whole:]
	}
	// Output:
	// true {"type":"ping"} 17
	// true {"type":"pong"} 17
}
