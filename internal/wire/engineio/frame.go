package engineio

import "rowcast/internal/wire/websocket"

// Types of packets: the first byte of a text frame.
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'
)

// Begin leaves room for the header of a frame and starts a message in it. Its
// text is appended behind, then End is called with the same start, the length
// of b before.
func Begin(b []byte) []byte { return append(websocket.Open(b), packetMessage) }

// End makes a frame of the message that Begin started at start.
func End(b []byte, start int) []byte { return websocket.Seal(b, start) }

// AppendBinary appends a frame with a binary message.
func AppendBinary(b, data []byte) []byte {
	start := len(b)
	return websocket.SealBinary(append(websocket.Open(b), data...), start)
}
