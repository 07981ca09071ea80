package socketio

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socket"
)

// Namespace handles the clients of a namespace. The calls for one client are
// made one at a time, in the order in which it sent what they are about; they
// may use the methods of any Socket.
type Namespace interface {
	// Connect is about a client that wants to connect. It is answered once, now
	// or later, by Accept or Refuse. auth is a JSON object, empty if the client
	// sent none.
	Connect(s *Socket, auth json.RawMessage)
	// Event is about an event of a client that was accepted.
	Event(s *Socket, e Event)
	// Disconnect is the last call for a socket that was not refused.
	Disconnect(s *Socket, reason string)
}

// Event is what a client emits.
type Event struct {
	// Name is neither reserved nor, in general, one that the server knows. That
	// of an event whose name is a number is its text.
	Name string
	// Args are the arguments, byte for byte as they came. Where an attachment
	// belongs they hold {"_placeholder":true,"num":N}, N an index of Attachments.
	Args        []json.RawMessage
	Attachments [][]byte
	// Ack is nil if the client wants no acknowledgement.
	Ack *Ack
}

// Options configures a Server. Namespaces and Outbox are required.
type Options struct {
	// Engine are the settings of the sessions beneath. Open has to be nil.
	Engine engineio.Options
	// Namespaces handle those who connect to them, by name; that of Main is "/".
	Namespaces map[string]Namespace
	// Outbox makes what writes to a new session. The request is the handshake:
	// what later calls need of it, an Outbox can carry. An error refuses the
	// client for now.
	Outbox func(s *engineio.Session, r *http.Request) (engineio.Outbox, error)
	// ConnectTimeout is how long a session may be in no namespace at the start.
	// Default: 45 s.
	ConnectTimeout time.Duration
	// MaxPacket bounds a packet with its attachments, in bytes. It also bounds
	// what is kept of a client that sends events before it is accepted. Default:
	// 4,000,000.
	MaxPacket int
}

func (o *Options) complete() error {
	switch {
	case len(o.Namespaces) == 0:
		return errors.New("socketio: Options.Namespaces is empty")
	case o.Outbox == nil:
		return errors.New("socketio: Options.Outbox is missing")
	case o.Engine.Open != nil:
		return errors.New("socketio: Options.Engine.Open is set")
	}
	for name, n := range o.Namespaces {
		if !strings.HasPrefix(name, Main) || strings.ContainsRune(name, ',') || len(name) > maxNamespace || n == nil {
			return fmt.Errorf("socketio: %q is no name of a namespace, or has no handler", name)
		}
	}
	o.Namespaces = maps.Clone(o.Namespaces)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 45*time.Second)
	o.MaxPacket = cmp.Or(o.MaxPacket, 4_000_000)
	return nil
}

// Server is an http.Handler for the path of a Socket.IO endpoint.
type Server struct {
	opts   Options
	engine *engineio.Server
	// calls counts the goroutines that make calls of handlers.
	calls socket.ConnGroup
}

// New checks the options.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &Server{opts: o}
	o.Engine.Open = s.open
	engine, err := engineio.New(o.Engine)
	if err != nil {
		return nil, fmt.Errorf("socketio: %w", err)
	}
	s.engine = engine
	return s, nil
}

// ServeHTTP serves a request of a client.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Wait returns when there is no session and no call of a handler, or ctx has ended. The
// owner of the outboxes ends the sessions.
func (s *Server) Wait(ctx context.Context) error {
	if err := s.engine.Wait(ctx); err != nil {
		return err
	}
	return s.calls.Wait(ctx)
}

// open makes the client of a new session.
func (s *Server) open(session *engineio.Session, r *http.Request) (engineio.Outbox, engineio.Receiver, error) {
	outbox, err := s.opts.Outbox(session, r)
	if err != nil {
		return nil, nil, err
	}
	c := &client{server: s, session: session, outbox: outbox}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = time.AfterFunc(s.opts.ConnectTimeout, c.expire)
	return outbox, c, nil
}
