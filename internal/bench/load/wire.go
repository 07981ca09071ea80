package load

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// What the wires are called.
const (
	Native   = "native"
	SocketIO = "socketio"
)

// dialect is what is said and heard on one wire by the clients of a group.
type dialect struct {
	// path is that of the handshake, header what it says beside WebSocket.
	path   string
	header map[string]string
	// kind tells what a text frame of the server is.
	kind func(payload []byte) frameKind
	// answers are the frames that a client sends when it gets one of a kind.
	answers map[frameKind][]byte
}

// newDialect makes what a group says. A bare connection says nothing.
func newDialect(args Join) (*dialect, error) {
	tenant, err := json.Marshal(args.Tenant)
	if err != nil {
		return nil, err
	}
	token, err := json.Marshal(args.Token)
	if err != nil {
		return nil, err
	}
	switch args.Wire {
	case "":
		return &dialect{kind: nativeKind}, nil
	case Native:
		return &dialect{
			path:   "/ws",
			header: map[string]string{"Authorization": "Bearer " + args.Token, "Sec-WebSocket-Protocol": "rowcast.v1"},
			kind:   nativeKind,
			answers: map[frameKind][]byte{
				openFrame: appendText(nil, `{"type":"join-tenant","tenantId":`+string(tenant)+`}`),
				pingFrame: appendText(nil, `{"type":"pong"}`),
			},
		}, nil
	case SocketIO:
		return &dialect{
			path: "/socket.io/?EIO=4&transport=websocket",
			kind: socketIOKind,
			answers: map[frameKind][]byte{
				openFrame:      appendText(nil, `40{"token":`+string(token)+`,"meta":true}`),
				connectedFrame: appendText(nil, `420["join-tenant",`+string(tenant)+`]`),
				pingFrame:      appendText(nil, `3`),
			},
		}, nil
	}
	return nil, fmt.Errorf("there is no wire %q", args.Wire)
}

// nativeKind tells what a message of the native wire is.
func nativeKind(payload []byte) frameKind {
	is := func(kind string) bool { return bytes.HasPrefix(payload, []byte(`{"type":"`+kind+`"`)) }
	switch {
	case is("event"):
		return eventFrame
	case is("welcome"):
		return openFrame
	case is("joined"):
		return joinedFrame
	case is("ping"):
		return pingFrame
	case is("error"), is("reset"):
		return fatalFrame
	}
	return otherFrame
}

// socketIOKind tells what a packet of Engine.IO is, and of Socket.IO in it. The
// one acknowledgement asked for has the number 0.
func socketIOKind(payload []byte) frameKind {
	is := func(head string) bool { return bytes.HasPrefix(payload, []byte(head)) }
	switch {
	case is(`42["error"`), is(`42["reset"`):
		return fatalFrame
	case is(`42["`):
		return nameKind(payload[len(`42["`):])
	case is(`0{`):
		return openFrame
	case is(`40`):
		return connectedFrame
	case is(`430[{"ok":true`):
		return joinedFrame
	case is(`2`):
		return pingFrame
	case is(`43`), is(`44`), is(`41`), is(`1`):
		return fatalFrame
	}
	return otherFrame
}

// nameKind tells what has a name: those of events have a colon, unlike
// "progress".
func nameKind(rest []byte) frameKind {
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	if bytes.IndexByte(name, ':') < 0 {
		return otherFrame
	}
	return eventFrame
}
