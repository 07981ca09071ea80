package changelog

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgxlisten"
)

// channel is the NOTIFY channel of the wire contract; probeChannel carries
// what this package sends to itself: to prove that notifications arrive, and to
// tell the leader that a replica has come.
const (
	channel      = "rowcast"
	probeChannel = "rowcast_probe"
	channels     = 2
	replicaCame  = "replica"
)

// notify sends $2 on channel $1. It leaves a queue alone that is half full, as
// rowcast.ring does: what is sent is a hint, and a full queue fails the commit.
const notify = "select pg_notify($1, $2) where pg_notification_queue_usage() <= 0.5"

// doorbell listens on the channel. What arrives is only a hint: anybody can
// ring. It owns the one connection that LISTENs, and asks on it now and then
// what it listens to.
type doorbell struct {
	connect func(ctx context.Context) (*pgx.Conn, error)
	log     *slog.Logger
	// revoked is called when tokens may have been revoked. It must not wait.
	revoked func()
	// delay is the pause before a reconnect.
	delay time.Duration

	// rung has a slot each for a ring of a writer and of a replica that
	// sealed; changed for the start and the end of listening.
	rung, sealed, changed chan struct{}
	listening             atomic.Bool
	// own is the backend that rings for this process.
	own atomic.Uint32
	// conn is the connection that listens, to be asked and to be cut.
	conn atomic.Pointer[pgx.Conn]
	// silent counts the channels that the next connection does not listen on yet;
	// late cuts it off if that takes long.
	silent int
	late   *time.Timer
	// probe is what this process probes with, probes counts those that came
	// back.
	probe  string
	probes atomic.Int64
	answers
	// came says that a replica has come since the replicas were counted.
	came atomic.Bool
	// lost says that the last failure was reported already.
	lost bool
}

func newDoorbell(connect func(ctx context.Context) (*pgx.Conn, error), log *slog.Logger, revoked func()) *doorbell {
	return &doorbell{
		connect: connect, log: log, revoked: revoked, delay: 250 * time.Millisecond, probe: rand.Text(), answers: answers{word: rand.Text()},
		rung: make(chan struct{}, 1), sealed: make(chan struct{}, 1), changed: make(chan struct{}, 1),
	}
}

// run listens until ctx ends, over any number of connections.
func (d *doorbell) run(ctx context.Context) error {
	listener := pgxlisten.Listener{Connect: d.open, LogError: d.failed, ReconnectDelay: d.delay}
	listener.Handle(channel, ear{d, d.rings})
	listener.Handle(probeChannel, ear{d, d.probed})
	return listener.Listen(ctx)
}

// open makes the next connection.
func (d *doorbell) open(ctx context.Context) (*pgx.Conn, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	d.silent = channels
	d.late = time.AfterFunc(askTimeout, func() { _ = conn.PgConn().Conn().Close() })
	d.listenTo(conn)
	return conn, nil
}

// ear hears one channel.
type ear struct {
	*doorbell
	hear func(n *pgconn.Notification)
}

// HandleBacklog is called once LISTEN has taken effect. The backlog is read by
// the tail, on its own connection.
func (e ear) HandleBacklog(ctx context.Context, _ string, conn *pgx.Conn) error {
	if e.silent--; e.silent > 0 {
		return nil
	}
	e.late.Stop()
	e.lost = false
	e.conn.Store(conn)
	e.listening.Store(true)
	ring(e.changed)
	e.log.DebugContext(ctx, "listening")
	return nil
}

// HandleNotification takes what the channel carries.
func (e ear) HandleNotification(_ context.Context, n *pgconn.Notification, _ *pgx.Conn) error {
	e.hear(n)
	return nil
}

// rings takes a ring.
func (d *doorbell) rings(n *pgconn.Notification) {
	if n.PID == d.own.Load() {
		return
	}
	var hint struct {
		Sealed  *json.Number `json:"sealed"`
		Revoked bool         `json:"revoked"`
	}
	understood := json.Unmarshal([]byte(n.Payload), &hint) == nil
	switch {
	case understood && hint.Sealed != nil:
		ring(d.sealed)
	case understood && hint.Revoked:
		d.revoked()
	default:
		ring(d.rung)
	}
}

// probed takes a probe, or the message of a replica that has come. The probes
// of other replicas arrive as well.
func (d *doorbell) probed(n *pgconn.Notification) {
	switch n.Payload {
	case d.probe:
		d.probes.Add(1)
	case replicaCame:
		d.came.Store(true)
		ring(d.changed)
	}
}

// maxTouched is how many tenants a ring names at most.
const maxTouched = 200

// sealedPayload is what a replica that sealed up to place sends to the others.
// The tenants are left out if they are not known or too long to be sent.
func sealedPayload(place int64, tenants map[string]struct{}) (string, error) {
	const longest = 7999
	type payload struct {
		V       int      `json:"v"`
		Sealed  int64    `json:"sealed"`
		Tenants []string `json:"tenant_ids,omitempty"`
	}
	text, err := json.Marshal(payload{V: 1, Sealed: place, Tenants: slices.Sorted(maps.Keys(tenants))})
	if err == nil && len(text) > longest {
		text, err = json.Marshal(payload{V: 1, Sealed: place})
	}
	if err != nil {
		return "", fmt.Errorf("encode the ring to the replicas: %w", err)
	}
	return string(text), nil
}

// failed is called when the connection is lost or cannot be made.
func (d *doorbell) failed(ctx context.Context, err error) {
	d.listening.Store(false)
	ring(d.changed)
	if ctx.Err() == nil && !d.lost {
		d.lost = true
		d.log.WarnContext(ctx, "not listening, polling instead", "error", err)
	}
}

// ask has the connection say whether it listens.
func (d *doorbell) ask() {
	if conn := d.conn.Load(); conn != nil && !d.question(conn) {
		d.cut()
	}
}

// cut closes the connection under the listener, which then makes a new one.
func (d *doorbell) cut() {
	if conn := d.conn.Load(); conn != nil {
		_ = conn.PgConn().Conn().Close()
	}
}

// ring puts a token in the slot unless there is one.
func ring(slot chan struct{}) {
	select {
	case slot <- struct{}{}:
	default:
	}
}
