package socketio_test

import (
	"encoding/json"
	"fmt"

	"rowcast/internal/wire/socketio"
	"rowcast/internal/wire/websocket"
)

// An event is encoded once. The frame serves every client in the namespace.
func ExampleAppendEvent() {
	frame := socketio.AppendEvent(nil, socketio.Main, "order:created", json.RawMessage(`{"id":1}`))
	_, payload, _ := websocket.Cut(frame)
	fmt.Println(string(payload))
	// Output: 42["order:created",{"id":1}]
}

// Packets are read strictly.
func ExampleDecoder() {
	var decoder socketio.Decoder
	packet, err := decoder.Decode(false, []byte(`2["join-tenant","acme"]`), 1<<20)
	fmt.Println(packet.Name, string(packet.Args[0]), err)

	_, err = new(socketio.Decoder).Decode(false, []byte(`2{"join-tenant":"acme"}`), 1<<20)
	fmt.Println(err != nil)
	// Output:
	// join-tenant "acme" <nil>
	// true
}
