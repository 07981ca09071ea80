package socketio

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Decoder makes packets of the messages of one client. Its zero value is
// ready. After an error it is of no use.
type Decoder struct {
	// partial is a packet that waits for attachments, nil if there is none.
	partial *partial
}

type partial struct {
	packet *Packet
	// missing is how many attachments are to come, room how many bytes they
	// may have.
	missing, room int
}

// Decode takes the next message, which it keeps. It returns a packet when it is
// whole, else nil. limit bounds a packet with its attachments, in bytes.
func (d *Decoder) Decode(binary bool, data []byte, limit int) (*Packet, error) {
	switch {
	case d.partial == nil && binary:
		return nil, errors.New("an attachment of no packet")
	case d.partial != nil && !binary:
		return nil, errors.New("a packet in the midst of another's attachments")
	case d.partial != nil:
		return d.attach(data)
	case len(data) > limit:
		return nil, fmt.Errorf("a packet of %d bytes, more than %d", len(data), limit)
	}
	packet, attachments, err := parse(data)
	if err != nil || attachments == 0 {
		return packet, err
	}
	d.partial = &partial{packet, attachments, limit - len(data)}
	return nil, nil //nolint:nilnil // not whole
}

// attach adds an attachment to the packet that waits for it.
func (d *Decoder) attach(data []byte) (*Packet, error) {
	p := d.partial
	p.room -= len(data)
	if p.room < 0 {
		return nil, errors.New("attachments larger than a packet may be")
	}
	p.packet.Attachments = append(p.packet.Attachments, data)
	p.missing--
	if p.missing > 0 {
		return nil, nil //nolint:nilnil // not whole
	}
	d.partial = nil
	return p.packet, nil
}

// parse reads the text of a packet, and how many attachments follow it.
func parse(text []byte) (p *Packet, attachments int, err error) {
	h, payload, err := parseHeader(text)
	if err != nil {
		return nil, 0, err
	}
	if err := checkJSON(payload); err != nil {
		return nil, 0, err
	}
	p = &Packet{Type: h.kind, Namespace: h.namespace, ID: h.id}
	switch h.kind {
	case ConnectPacket:
		return p, 0, p.setAuth(payload)
	case DisconnectPacket:
		if payload != nil || p.ID != noID {
			return nil, 0, errors.New("a disconnect with a payload")
		}
		return p, 0, nil
	case EventPacket, AckPacket:
		if err := p.setArgs(payload); err != nil {
			return nil, 0, err
		}
		if h.binary {
			return p, h.attachments, checkPlaceholders(payload, h.attachments)
		}
		return p, 0, nil
	default:
		return nil, 0, fmt.Errorf("a packet of type %q", h.kind)
	}
}

// setAuth takes the payload of a connect, an object or nothing.
func (p *Packet) setAuth(payload []byte) error {
	switch {
	case p.ID != noID:
		return errors.New("a connect with an id")
	case payload == nil:
		p.Auth = json.RawMessage("{}")
	case payload[0] != '{':
		return errors.New("a connect with a payload that is no object")
	default:
		p.Auth = payload
	}
	return nil
}

// setArgs takes the payload of an event, with its name, or of an
// acknowledgement.
func (p *Packet) setArgs(payload []byte) error {
	if payload == nil || payload[0] != '[' {
		return errors.New("an event or acknowledgement without an array")
	}
	if err := json.Unmarshal(payload, &p.Args); err != nil {
		return fmt.Errorf("read arguments: %w", err)
	}
	if p.Type == AckPacket {
		if p.ID == noID {
			return errors.New("an acknowledgement without an id")
		}
		return nil
	}
	if len(p.Args) == 0 {
		return errors.New("an event without a name")
	}
	header := p.Args[0]
	p.Args = p.Args[1:]
	switch c := header[0]; {
	case c == '"':
		if err := json.Unmarshal(header, &p.Name); err != nil {
			return fmt.Errorf("read the name of an event: %w", err)
		}
		if reserved(p.Name) {
			return fmt.Errorf("an event with the reserved name %s", p.Name)
		}
	case c == '-' || '0' <= c && c <= '9':
		p.Name = string(header)
	default:
		return errors.New("an event whose name is neither text nor a number")
	}
	return nil
}
