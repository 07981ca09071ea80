package notify

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgxlisten"
)

// channel is the NOTIFY channel of the wire contract; probeChannel carries what servers
// send to themselves: to prove that notifications arrive, and to notify the leader that
// a server has come.
const (
	channel      = "rowcast"
	probeChannel = "rowcast_probe"
	channels     = 2
	serverCame   = "replica"
)

const (
	// startTime is how long a new connection may take until it listens.
	startTime = 4 * time.Second
	// delay is the pause before a reconnect.
	delay = 250 * time.Millisecond
)

// Listener listens. Its channels hold one token each: Notified after a writer has
// notified, Sealed after a server has that sealed, Changed after the start and the end of
// listening and when a server has come.
type Listener struct {
	Notified, Sealed, Changed chan struct{}

	connect func(ctx context.Context) (*pgx.Conn, error)
	log     *slog.Logger
	// revoked is called when tokens may have been revoked. It must not wait.
	revoked func()

	listening, came atomic.Bool
	// own is the backend that notifies for this process.
	own atomic.Uint32
	// conn is the connection that listens, to be asked and to be cut.
	conn atomic.Pointer[pgx.Conn]
	// missing counts the channels that the next connection does not listen on yet;
	// late cuts it off if that takes long.
	missing int
	late    *time.Timer
	// lost says that the last failure was reported already.
	lost bool
	// probe is what this process probes with, probes counts those that came back.
	probe  string
	probes atomic.Int64
	answers
	proofs
}

// New makes a Listener that has not started.
func New(connect func(ctx context.Context) (*pgx.Conn, error), log *slog.Logger, revoked func()) *Listener {
	return &Listener{
		Notified: make(chan struct{}, 1), Sealed: make(chan struct{}, 1), Changed: make(chan struct{}, 1),
		connect: connect, log: log, revoked: revoked, probe: rand.Text(), answers: answers{word: rand.Text()},
	}
}

// Run listens until ctx ends, over any number of connections.
func (b *Listener) Run(ctx context.Context) error {
	listener := pgxlisten.Listener{Connect: b.open, LogError: b.failed, ReconnectDelay: delay}
	listener.Handle(channel, handler{b, b.takeNotification})
	listener.Handle(probeChannel, handler{b, b.takeProbe})
	return listener.Listen(ctx)
}

// Listening says whether notifications arrive.
func (b *Listener) Listening() bool { return b.listening.Load() }

// Own says which backend notifies for this process: its own are left out.
func (b *Listener) Own(pid uint32) { b.own.Store(pid) }

// Came says whether a server has come since it was last asked.
func (b *Listener) Came() bool { return b.came.Swap(false) }

// open makes the next connection.
func (b *Listener) open(ctx context.Context) (*pgx.Conn, error) {
	conn, err := b.connect(ctx)
	if err != nil {
		return nil, err
	}
	b.missing = channels
	b.late = time.AfterFunc(startTime, func() { _ = conn.PgConn().Conn().Close() })
	b.hearFrom(conn)
	return conn, nil
}

// handler takes what one channel carries.
type handler struct {
	*Listener
	handle func(n *pgconn.Notification)
}

// HandleBacklog is called once LISTEN has taken effect. The backlog is read by
// the tail, on its own connection.
func (e handler) HandleBacklog(ctx context.Context, _ string, conn *pgx.Conn) error {
	if e.missing--; e.missing > 0 {
		return nil
	}
	e.late.Stop()
	e.lost = false
	e.conn.Store(conn)
	e.listening.Store(true)
	Wake(e.Changed)
	e.log.DebugContext(ctx, "listening")
	return nil
}

// HandleNotification takes what the channel carries.
func (e handler) HandleNotification(_ context.Context, n *pgconn.Notification, _ *pgx.Conn) error {
	e.handle(n)
	return nil
}

// takeNotification takes the notification of a writer or a server.
func (b *Listener) takeNotification(n *pgconn.Notification) {
	if n.PID == b.own.Load() {
		return
	}
	var hint struct {
		Sealed  *json.Number `json:"sealed"`
		Revoked bool         `json:"revoked"`
	}
	understood := json.Unmarshal([]byte(n.Payload), &hint) == nil
	switch {
	case understood && hint.Sealed != nil:
		Wake(b.Sealed)
	case understood && hint.Revoked:
		b.revoked()
	default:
		Wake(b.Notified)
	}
}

// takeProbe takes a probe, or the message of a server that has come. The probes
// of other servers arrive as well.
func (b *Listener) takeProbe(n *pgconn.Notification) {
	switch n.Payload {
	case b.probe:
		b.probes.Add(1)
	case serverCame:
		b.came.Store(true)
		Wake(b.Changed)
	}
}

// failed is called when the connection is lost or cannot be made.
func (b *Listener) failed(ctx context.Context, err error) {
	b.listening.Store(false)
	Wake(b.Changed)
	if ctx.Err() == nil && !b.lost {
		b.lost = true
		b.log.WarnContext(ctx, "not listening, polling instead", "error", err)
	}
}

// cut closes the connection under the listener, which then makes a new one.
func (b *Listener) cut() {
	if conn := b.conn.Load(); conn != nil {
		_ = conn.PgConn().Conn().Close()
	}
}

// Wake puts a token in the slot unless there is one.
func Wake(slot chan struct{}) {
	select {
	case slot <- struct{}{}:
	default:
	}
}
