package socketio

import (
	"encoding/json"
	"strconv"

	"rowcast/internal/wire/engineio"
)

// AppendEvent appends the frame of an event.
func AppendEvent(dst []byte, namespace, name string, args ...json.RawMessage) []byte {
	return appendEvent(dst, namespace, noID, nil, name, args)
}

// AppendBinaryEvent is AppendEvent with attachments, whose places in the
// arguments are {"_placeholder":true,"num":N}. Each is a frame of its own.
func AppendBinaryEvent(dst []byte, namespace string, attachments [][]byte, name string, args ...json.RawMessage) []byte {
	return appendEvent(dst, namespace, noID, attachments, name, args)
}

// AppendAck appends the frame that acknowledges the event with an id.
func AppendAck(dst []byte, namespace string, id int64, args ...json.RawMessage) []byte {
	return appendAck(dst, namespace, id, nil, args)
}

// AppendConnect appends the frame that accepts a client, with its public id
// and, if not empty, the secret by which it may ask to recover.
func AppendConnect(dst []byte, namespace, sid, pid string) []byte {
	start := len(dst)
	dst = appendHeader(dst, ConnectPacket, namespace, noID, 0)
	dst = append(dst, `{"sid":`...)
	dst = appendQuoted(dst, sid)
	if pid != "" {
		dst = append(dst, `,"pid":`...)
		dst = appendQuoted(dst, pid)
	}
	return engineio.End(append(dst, '}'), start)
}

// AppendRefusal appends the frame that refuses a client, which does not come
// back by itself. data may be nil.
func AppendRefusal(dst []byte, namespace, message string, data json.RawMessage) []byte {
	start := len(dst)
	dst = appendHeader(dst, refusalPacket, namespace, noID, 0)
	dst = append(dst, `{"message":`...)
	dst = appendQuoted(dst, message)
	if data != nil {
		dst = append(dst, `,"data":`...)
		dst = append(dst, data...)
	}
	return engineio.End(append(dst, '}'), start)
}

// AppendDisconnect appends the frame that ends a namespace for a client, which
// does not come back by itself.
func AppendDisconnect(dst []byte, namespace string) []byte {
	start := len(dst)
	return engineio.End(appendHeader(dst, DisconnectPacket, namespace, noID, 0), start)
}

func appendEvent(dst []byte, namespace string, id int64, attachments [][]byte, name string, args []json.RawMessage) []byte {
	start := len(dst)
	kind := EventPacket
	if len(attachments) > 0 {
		kind = binaryEvent
	}
	dst = append(appendHeader(dst, kind, namespace, id, len(attachments)), '[')
	dst = appendQuoted(dst, name)
	for _, arg := range args {
		dst = append(append(dst, ','), arg...)
	}
	return appendAttachments(engineio.End(append(dst, ']'), start), attachments)
}

func appendAck(dst []byte, namespace string, id int64, attachments [][]byte, args []json.RawMessage) []byte {
	start := len(dst)
	kind := AckPacket
	if len(attachments) > 0 {
		kind = binaryAck
	}
	dst = append(appendHeader(dst, kind, namespace, id, len(attachments)), '[')
	for i, arg := range args {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, arg...)
	}
	return appendAttachments(engineio.End(append(dst, ']'), start), attachments)
}

// appendHeader begins a frame, with what a packet has before its payload.
func appendHeader(dst []byte, kind Type, namespace string, id int64, attachments int) []byte {
	dst = append(engineio.Begin(dst), byte(kind))
	if attachments > 0 {
		dst = append(strconv.AppendInt(dst, int64(attachments), 10), '-')
	}
	if namespace != Main {
		dst = append(append(dst, namespace...), ',')
	}
	if id != noID {
		dst = strconv.AppendInt(dst, id, 10)
	}
	return dst
}

func appendAttachments(dst []byte, attachments [][]byte) []byte {
	for _, data := range attachments {
		dst = engineio.AppendBinary(dst, data)
	}
	return dst
}

// appendQuoted appends a text as JSON.
func appendQuoted(dst []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil { // a string always has a JSON form
		panic(err)
	}
	return append(dst, quoted...)
}
