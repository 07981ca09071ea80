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
	// read is the next one. An *ended is an error that the server meant.
	read() (string, error)
	write(packet string) error
	cut()
}

// socketIO is a client of Socket.IO that has joined one tenant.
type socketIO struct {
	packets
	tenant string
	// pid, if not empty, is the secret to recover with: the server sends an
	// offset with every event.
	pid string
	// recovers: the cursors are the secret and an offset.
	recovers bool
}

// carrier makes a way to carry packets.
type carrier = func(ctx context.Context, q request) (packets, error)

// errNotRecovered: the server has begun anew with the client.
var errNotRecovered = errors.New("the client has not recovered")

// dialSocketIO joins with join-tenant, from the cursor of the request.
func dialSocketIO(carry carrier) func(ctx context.Context, q request) (conn, message, error) {
	return func(ctx context.Context, q request) (conn, message, error) {
		c := &socketIO{tenant: q.tenant}
		return c.dial(ctx, carry, q, func() (message, error) {
			if err := c.connect(map[string]any{"token": q.token}); err != nil {
				return message{}, err
			}
			return c.join(q)
		})
	}
}

// dialRecovery continues by connection state recovery: the client does not join
// again.
func dialRecovery(carry carrier) func(ctx context.Context, q request) (conn, message, error) {
	return func(ctx context.Context, q request) (conn, message, error) {
		c := &socketIO{tenant: q.tenant, recovers: true}
		return c.dial(ctx, carry, q, func() (message, error) {
			pid, offset, again := strings.Cut(q.cursor, " ")
			auth := map[string]any{"token": q.token}
			if again {
				auth["pid"], auth["offset"] = pid, offset
			}
			if err := c.connect(auth); err != nil {
				return message{}, err
			}
			if again && c.pid != pid {
				return message{}, errNotRecovered
			}
			if again {
				return message{Type: "joined", TenantID: q.tenant, Cursor: q.cursor}, nil
			}
			return c.join(q)
		})
	}
}

func (c *socketIO) dial(ctx context.Context, carry carrier, q request, begin func() (message, error)) (conn, message, error) {
	var err error
	if c.packets, err = carry(ctx, q); err != nil {
		return nil, message{}, err
	}
	m, err := begin()
	if err != nil {
		c.cut()
	}
	return c, m, err
}

// connect connects to the main namespace, and asks for what is said about events.
func (c *socketIO) connect(auth map[string]any) error {
	if auth["token"] == "" {
		delete(auth, "token")
	}
	auth["meta"] = true
	if err := c.write("40" + encode(auth)); err != nil {
		return err
	}
	packet, err := c.answer()
	if err != nil {
		return err
	}
	if text, refused := strings.CutPrefix(packet, "44"); refused {
		var answer struct {
			Data struct{ Code string }
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			return fmt.Errorf("decode %s: %w", packet, err)
		}
		return &refusal{answer.Data.Code}
	}
	var connected struct{ Sid, Pid string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(packet, "40")), &connected); err != nil || connected.Sid == "" {
		return fmt.Errorf("connect is answered with %s", packet)
	}
	c.pid = connected.Pid
	return nil
}

// join joins the tenant.
func (c *socketIO) join(q request) (message, error) {
	want := map[string]any{"tenantId": q.tenant}
	if q.cursor != "" {
		want["cursor"] = q.cursor
	}
	if q.where != nil {
		want["where"] = q.where
	}
	if q.events != nil {
		want["events"] = q.events
	}
	if q.events != nil || q.where != nil {
		c.pid = "" // what a filter leaves out could not be recovered
	}
	if err := c.write("427" + encode([]any{"join-tenant", want})); err != nil {
		return message{}, err
	}
	packet, err := c.answer()
	if err != nil {
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
	if c.recovers { // the offset comes with an event, after the answer
		packet, err := c.answer()
		if err != nil {
			return message{}, err
		}
		var args []json.RawMessage
		if err := json.Unmarshal([]byte(strings.TrimPrefix(packet, "42")), &args); err != nil || len(args) != 3 {
			return message{}, fmt.Errorf("the answer is followed by %s", packet)
		}
		return m.message, c.offset(args[2:], &m.message)
	}
	return m.message, nil
}

// answer is the next packet but for the warning that the token ends, which comes
// when it has to.
func (c *socketIO) answer() (packet string, err error) {
	for packet, err = c.packet(); err == nil && strings.HasPrefix(packet, `42["token-expiring"`); {
		packet, err = c.packet()
	}
	return packet, err
}

// packet is the next one that is a message.
func (c *socketIO) packet() (string, error) {
	for {
		packet, err := c.read()
		switch {
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
		if err := json.Unmarshal([]byte(shallow(text)), &args); !ok || err != nil || len(args) < 2 {
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
	if !strings.Contains(name, ":") || len(args) < 3 {
		return m, errPassed
	}
	if err := json.Unmarshal(args[2], &m); err != nil {
		return m, err
	}
	m.Type, m.Event, m.Data = "event", name, args[1]
	return m, c.offset(args[3:], &m)
}

// offset takes what follows data and meta of an event.
func (c *socketIO) offset(args []json.RawMessage, m *message) error {
	if c.pid == "" {
		if len(args) > 0 {
			return fmt.Errorf("%s has more arguments than data and meta: %s", m, args)
		}
		return nil
	}
	var offset string
	if len(args) != 1 || json.Unmarshal(args[0], &offset) != nil || offset == "" {
		return fmt.Errorf("%s has no offset, but %s", m, args)
	}
	if c.recovers {
		m.Cursor = c.pid + " " + offset
	}
	return nil
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}
