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
// what this package sends to itself: to prove that LISTEN works, and to tell
// the leader that a replica has come.
const (
	channel      = "rowcast"
	probeChannel = "rowcast_probe"
	replicaCame  = "replica"
)

// notify sends $2 on channel $1. It leaves a queue alone that is half full, as
// rowcast.ring does: what is sent is a hint, and a full queue fails the commit.
const notify = "select pg_notify($1, $2) where pg_notification_queue_usage() <= 0.5"

// doorbell listens on the channel. What arrives is only a hint: anybody can
// ring. It owns the one connection that LISTENs and runs nothing else on it.
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
	// conn is the connection that listens, for the probe to cut.
	conn atomic.Pointer[pgx.Conn]
	// probe is what this process probes with, probes counts those that came
	// back.
	probe  string
	probes atomic.Int64
	// came says that a replica has come since the replicas were counted.
	came atomic.Bool
	// lost says that the last failure was reported already.
	lost bool
}

func newDoorbell(connect func(ctx context.Context) (*pgx.Conn, error), log *slog.Logger, revoked func()) *doorbell {
	return &doorbell{
		connect: connect, log: log, revoked: revoked, delay: 250 * time.Millisecond, probe: rand.Text(),
		rung: make(chan struct{}, 1), sealed: make(chan struct{}, 1), changed: make(chan struct{}, 1),
	}
}

// run listens until ctx ends, over any number of connections.
func (d *doorbell) run(ctx context.Context) error {
	listener := pgxlisten.Listener{
		Connect: func(ctx context.Context) (*pgx.Conn, error) {
			conn, err := d.connect(ctx)
			if err == nil {
				d.conn.Store(conn)
			}
			return conn, err
		},
		LogError:       d.failed,
		ReconnectDelay: d.delay,
	}
	listener.Handle(channel, d)
	listener.Handle(probeChannel, pgxlisten.HandlerFunc(d.probed))
	return listener.Listen(ctx)
}

// HandleBacklog is called once LISTEN has taken effect. The backlog is read by
// the tail, on its own connection.
func (d *doorbell) HandleBacklog(ctx context.Context, _ string, _ *pgx.Conn) error {
	d.lost = false
	d.listening.Store(true)
	ring(d.changed)
	d.log.DebugContext(ctx, "listening")
	return nil
}

// HandleNotification takes a ring.
func (d *doorbell) HandleNotification(_ context.Context, n *pgconn.Notification, _ *pgx.Conn) error {
	if n.PID == d.own.Load() {
		return nil
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
	return nil
}

// probed takes a probe, or the message of a replica that has come. The probes
// of other replicas arrive as well.
func (d *doorbell) probed(_ context.Context, n *pgconn.Notification, _ *pgx.Conn) error {
	switch n.Payload {
	case d.probe:
		d.probes.Add(1)
	case replicaCame:
		d.came.Store(true)
		ring(d.changed)
	}
	return nil
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
