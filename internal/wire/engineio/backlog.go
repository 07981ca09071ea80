package engineio

import (
	"encoding/base64"

	"rowcast/internal/wire/websocket"
)

// Sizes of what waits for a client that polls, in bytes.
const (
	// maxBacklog is how much waits, but for one frame that is longer.
	maxBacklog = 256 << 10
	// maxBody is after how much a poll is answered with what it has.
	maxBody = 256 << 10
)

// separator is between the packets of a body.
const separator = 0x1e

// backlog has frames that wait for a poll. The last one may be incomplete.
type backlog []byte

// put takes the beginning of b, as much as there is room for.
func (l *backlog) put(b []byte) (n int) {
	room := maxBacklog - len(*l)
	if _, payload, whole := websocket.Cut(*l); payload == nil {
		// The first frame is incomplete, so that nothing could be taken.
		room = max(room, whole-len(*l))
	}
	if n = min(room, len(b)); n <= 0 {
		return 0
	}
	*l = append(*l, b[:n]...)
	return n
}

// take removes whole frames and returns them as the body of an answer, empty if
// there are none. The end of the session has an answer of its own: a client acts
// on it at once, and on what it got together with that only when it is back.
func (l *backlog) take() (body []byte) {
	taken := 0
	for len(body) < maxBody {
		kind, payload, whole := websocket.Cut((*l)[taken:])
		if payload == nil {
			break
		}
		if kind == websocket.Close && len(body) > 0 {
			break
		}
		taken += whole
		if kind == websocket.Pong {
			continue
		}
		if len(body) > 0 {
			body = append(body, separator)
		}
		switch kind {
		case websocket.Text:
			body = append(body, payload...)
		case websocket.Binary:
			body = base64.StdEncoding.AppendEncode(append(body, 'b'), payload)
		default:
			body = append(body, packetClose)
		}
	}
	rest := copy(*l, (*l)[taken:])
	if *l = (*l)[:rest]; rest == 0 {
		*l = nil
	}
	return body
}
