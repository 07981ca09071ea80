package socketio

import "encoding/json"

// Type says what a packet is: the first byte of its text.
type Type byte

// The types of packets. Those with attachments count as the ones without.
const (
	ConnectPacket    Type = '0'
	DisconnectPacket Type = '1'
	EventPacket      Type = '2'
	AckPacket        Type = '3'
	refusalPacket    Type = '4'
	binaryEvent      Type = '5'
	binaryAck        Type = '6'
)

// Main is the namespace of packets that name none.
const Main = "/"

// noID is the ID of a packet that has none.
const noID = -1

// Bounds of what a client may send, beside the size of a message.
const (
	maxAttachments = 10
	maxNamespace   = 128 // bytes of its name
	maxDigits      = 15  // of an id: it fits a double
	maxDepth       = 128 // of nested arrays and objects
	maxArgs        = 1000
)

// Packet is what a client sent, whole.
type Packet struct {
	Type      Type
	Namespace string
	// ID is by which an event wants to be acknowledged, or the one that an
	// acknowledgement is for. -1 stands for none.
	ID int64
	// Auth is the payload of a ConnectPacket, a JSON object.
	Auth json.RawMessage
	// Name is that of an event, the text of it if it is a number.
	Name string
	// Args are the arguments of an event, without its name, or of an
	// acknowledgement, byte for byte. Where an attachment belongs they hold
	// {"_placeholder":true,"num":N} with a valid index.
	Args        []json.RawMessage
	Attachments [][]byte
}

// reserved says whether an event cannot have a name, because it means
// something to clients.
func reserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// size is how many bytes of a client a packet keeps.
func (p *Packet) size() int {
	n := len(p.Name)
	for _, arg := range p.Args {
		n += len(arg)
	}
	for _, data := range p.Attachments {
		n += len(data)
	}
	return n
}
