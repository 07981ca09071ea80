package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/mux"
	"github.com/rs/cors"

	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socketio"
)

// options are the settings of a server.
type options struct {
	pingInterval, pingTimeout, connectTimeout time.Duration
	maxPayload                                int64
	recovery                                  bool
}

// server is the handler, and what it needs.
type server struct {
	http.Handler
	sockets *socketio.Server
	echoes  *engineio.Server
	outlet  *outlet
}

// newServer makes a server, to be closed.
func newServer(o options) (*server, error) {
	out, err := newOutlet()
	if err != nil {
		return nil, err
	}
	s := &server{outlet: out}
	if err := s.build(o); err != nil {
		return nil, errors.Join(err, out.close())
	}
	return s, nil
}

func (s *server) build(o options) (err error) {
	engine := engineio.Options{PingInterval: o.pingInterval, PingTimeout: o.pingTimeout, MaxPayload: o.maxPayload}
	s.sockets, err = socketio.New(socketio.Options{
		Engine: engine,
		Namespaces: map[string]socketio.Namespace{
			socketio.Main: newNamespace(true, o.recovery),
			"/custom":     newNamespace(false, o.recovery),
		},
		Outbox:         func(e *engineio.Session, _ *http.Request) (engineio.Outbox, error) { return s.outlet.open(e) },
		ConnectTimeout: o.connectTimeout,
	})
	if err != nil {
		return err
	}
	engine.Open = func(e *engineio.Session, _ *http.Request) (engineio.Outbox, engineio.Receiver, error) {
		out, err := s.outlet.open(e)
		return out, echo{out}, err
	}
	if s.echoes, err = engineio.New(engine); err != nil {
		return err
	}
	router := mux.NewRouter()
	router.Handle("/socket.io/", s.sockets)
	router.Handle("/engine.io/", s.echoes)
	s.Handler = cors.New(cors.Options{AllowedOrigins: []string{"*"}}).Handler(router)
	return nil
}

// close ends all sessions.
func (s *server) close(ctx context.Context) error {
	return errors.Join(s.outlet.close(), s.sockets.Wait(ctx), s.echoes.Wait(ctx))
}

// echo sends everything back.
type echo struct{ out engineio.Outbox }

// Message implements engineio.Receiver.
func (e echo) Message(binary bool, data []byte) error {
	if binary {
		e.out.Send(engineio.AppendBinary(nil, data))
	} else {
		e.out.Send(engineio.End(append(engineio.Begin(nil), data...), 0))
	}
	return nil
}

// Closed implements engineio.Receiver.
func (echo) Closed(engineio.Reason) {}
