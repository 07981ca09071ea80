package conform_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// packets carries Engine.IO packets, one a text.
type packets interface {
	// read is the next one; errOver if the server has closed in good order.
	read() (string, error)
	write(packet string) error
	cut()
}

// errOver is how a server ends an Engine.IO connection.
var errOver = errors.New("transport close")

// socketIO is a client of Socket.IO that has joined one tenant.
type socketIO struct {
	packets
	tenant string
	// offsets: the server sends an offset with every event.
	offsets bool
}

// dialSocketIO dials with a way to carry packets.
func dialSocketIO(carry func(ctx context.Context, q request) (packets, error)) func(ctx context.Context, q request) (conn, message, error) {
	return func(ctx context.Context, q request) (conn, message, error) {
		p, err := carry(ctx, q)
		if err != nil {
			return nil, message{}, err
		}
		c := &socketIO{packets: p, tenant: q.tenant}
		m, err := c.join(q)
		if err != nil {
			c.cut()
		}
		return c, m, err
	}
}

// join connects to the main namespace and joins the tenant.
func (c *socketIO) join(q request) (message, error) {
	auth := map[string]string{}
	if q.token != "" {
		auth["token"] = q.token
	}
	if err := c.write("40" + encode(auth)); err != nil {
		return message{}, err
	}
	packet, err := c.packet()
	if err != nil {
		return message{}, err
	}
	if text, refused := strings.CutPrefix(packet, "44"); refused {
		var answer struct{ Data struct{ Code string } }
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			return message{}, fmt.Errorf("decode %s: %w", packet, err)
		}
		return message{}, &refusal{answer.Data.Code}
	}
	var connected struct{ Sid, Pid string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(packet, "40")), &connected); err != nil || connected.Sid == "" {
		return message{}, fmt.Errorf("connect is answered with %s", packet)
	}
	c.offsets = connected.Pid != ""
	want := map[string]any{"tenantId": q.tenant}
	if q.cursor != "" {
		want["cursor"] = q.cursor
	}
	if q.events != nil {
		want["events"] = q.events
	}
	if err := c.write("427" + encode([]any{"join-tenant", want})); err != nil {
		return message{}, err
	}
	if packet, err = c.packet(); err != nil {
		return message{}, err
	}
	var answers []struct {
		message
		OK   bool
		Code string
	}
	text, isAnswer := strings.CutPrefix(packet, "437")
	if err := json.Unmarshal([]byte(text), &answers); !isAnswer || err != nil || len(answers) != 1 {
		return message{}, fmt.Errorf("join-tenant is answered with %s", packet)
	}
	m := answers[0]
	if !m.OK {
		return message{}, &refusal{m.Code}
	}
	m.Type, m.raw = "joined", packet
	return m.message, nil
}

// packet is the next one that is a message.
func (c *socketIO) packet() (string, error) {
	for {
		packet, err := c.read()
		switch {
		case errors.Is(err, errOver):
			return "", new(ended)
		case err != nil:
			return "", err
		case packet == "2":
			err = c.write("3")
		case packet == "1":
			return "", new(ended)
		case packet == "41":
			return "", errors.New("the server has disconnected the socket, which does not come back")
		case strings.HasPrefix(packet, "4"):
			return packet, nil
		}
		if err != nil {
			return "", err
		}
	}
}

func (c *socketIO) next() (message, error) {
	for {
		packet, err := c.packet()
		if err != nil {
			return message{}, err
		}
		text, ok := strings.CutPrefix(packet, "42")
		var args []json.RawMessage
		if err := json.Unmarshal([]byte(text), &args); !ok || err != nil || len(args) < 2 {
			return message{}, fmt.Errorf("received %s", packet)
		}
		m, err := c.event(args)
		m.raw = packet
		if !errors.Is(err, errPassed) {
			return m, err
		}
	}
}

// event is what an event with arguments tells.
func (c *socketIO) event(args []json.RawMessage) (m message, err error) {
	var name string
	if err := json.Unmarshal(args[0], &name); err != nil {
		return m, err
	}
	switch name {
	case "progress", "reset":
		m.Type = name
		return m, json.Unmarshal(args[1], &m)
	case "error":
		var e struct{ Code string }
		if err := json.Unmarshal(args[1], &e); err != nil {
			return m, err
		}
		if e.Code != "stale" {
			return m, &refusal{e.Code}
		}
		m.Type = e.Code
		return m, nil
	}
	if !strings.Contains(name, ":") {
		return m, errPassed
	}
	want := 3
	if c.offsets {
		want = 4
	}
	if len(args) != want {
		return m, fmt.Errorf("%s has %d arguments; want data, meta and an offset if there are: %s", name, len(args)-1, args)
	}
	if err := json.Unmarshal(args[2], &m); err != nil {
		return m, err
	}
	if c.offsets {
		var offset string
		if err := json.Unmarshal(args[3], &offset); err != nil || offset == "" {
			return m, fmt.Errorf("the offset is %s", args[3])
		}
	}
	m.Type, m.Event, m.Data = "event", name, args[1]
	return m, nil
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}
