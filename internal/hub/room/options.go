package room

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/feed/unreadable"
	"rowcast/internal/hub/signal"
	"rowcast/internal/view"
)

// History reads the durable log.
type History interface {
	// Head is the position of the tenant as of sequence, the order in the log of
	// all tenants that the latest Publish gave. It registers the tenant as known.
	Head(ctx context.Context, tenant string, sequence int64) (feed.Head, error)
	// After reads the changes of the tenant after c, oldest first, about limit
	// of them. If c points into a change, that one comes first. The errors
	// feed.ErrExpired and feed.ErrDiverged are final, any other is worth a new
	// try.
	After(ctx context.Context, tenant string, c feed.Cursor, limit int) (feed.Page, error)
}

// Options configures a Hub. History, Map and Encoders are required.
type Options struct {
	History History
	// Map appends the events of a change to dst, in order and with their
	// cursors. One into the change carries the position before the change and
	// the nonce of the change.
	Map func(dst []feed.Event, c *feed.Change) []feed.Event
	// Checked returns when the tail last knew that it had everything; zero if it
	// never did. Nil: clients do not hear of outages.
	Checked func() time.Time
	// Delivered, if not nil, is called after each pass over the clients of a tenant. It
	// receives how long ago, by the clock of the database, the oldest change of the
	// pass was made: when its statement ran. Clients that have to be waited for get it
	// later. It must not block.
	Delivered func(age time.Duration)
	// DashboardReason says whether and why a change counts for the coalesced
	// event that DashboardEvent builds. DashboardReasons are all reasons but for those of
	// tables that are hidden. Nil: there is no such event.
	DashboardReason  func(c *feed.Change) (reason string, ok bool)
	DashboardReasons func(hidden func(stem string) bool) []string
	DashboardEvent   func(tenant string, reasons []string, head feed.Head, at time.Time) feed.Event
	// Own are the events that the policy gives a table, by its number, beside those of
	// Map. Nil: none.
	Own func(relation int64) view.Own
	// Rules returns when the hub follows a version of the rules by which events are
	// withheld, see Hub.Rules. Nil: they never change.
	Rules func(ctx context.Context, version int64) error
	// Encoders are the kinds of connections.
	Encoders []signal.Encoder
	// Unreadable receives the changes that are sent without their rows. Nil: nobody is.
	Unreadable *unreadable.Log
	// Log receives what no caller can receive. Default: discarded.
	Log *slog.Logger

	// Elapsed is a clock that counts from some beginning, and that nobody sets.
	// Default: the monotonic clock.
	Elapsed func() time.Duration
	// PingInterval and PingTimeout are the heartbeat. Default: 25 s and 20 s.
	PingInterval, PingTimeout time.Duration
	// RingBytes bounds the ring of one tenant and encoder. Default: 8 MiB.
	RingBytes int
	// RingMemory bounds all rings together. It is shared fairly: tenants that
	// need less than others keep what they have. Default: 256 MiB.
	RingMemory int64
	// RingIdle is how long a ring outlives its last session. Default: 1 min.
	RingIdle time.Duration
	// MaxControl bounds what waits for a blocked session and is no event, in
	// bytes. Default: 4 MiB.
	MaxControl int
	// StallTimeout is how long a blocked session may take none of the bytes
	// offered. However far behind it is, it goes on while it takes some.
	// Default: 10 s.
	StallTimeout time.Duration
	// CloseTimeout is how long a blocked session has to take its close frame.
	// Default: 5 s.
	CloseTimeout time.Duration
	// MaxTenants bounds the tenants that a session has joined. Default: 128.
	MaxTenants int
	// MaxPerTenant bounds the sessions that have joined a tenant; those who join
	// at the same moment may be a few more. Default: 100,000.
	MaxPerTenant int
	// Workers is how many goroutines fan out. Default: one per processor.
	Workers int
	// Readers bounds the concurrent reads of History; tenants, and subjects in them,
	// take turns. Default: 8.
	Readers int
	// PageSize is the limit given to History.After. Default: 500.
	PageSize int
}

// maxEncoders is as many as a stream can keep apart.
const maxEncoders = 32

// complete checks o and fills in the defaults.
func (o *Options) complete() error {
	switch {
	case o.History == nil:
		return errors.New("hub: Options.History is missing")
	case o.Map == nil:
		return errors.New("hub: Options.Map is missing")
	case len(o.Encoders) == 0 || len(o.Encoders) > maxEncoders:
		return fmt.Errorf("hub: Options.Encoders has %d of them, want 1 to %d", len(o.Encoders), maxEncoders)
	case (o.DashboardReason == nil) != (o.DashboardEvent == nil) || (o.DashboardReasons == nil) != (o.DashboardEvent == nil):
		return errors.New("hub: Options.DashboardReason, DashboardReasons and DashboardEvent belong together")
	}
	if o.Own == nil {
		o.Own = func(int64) view.Own { return nil }
	}
	if o.Rules == nil {
		o.Rules = func(context.Context, int64) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Elapsed == nil {
		began := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(began) }
	}
	o.PingInterval = cmp.Or(o.PingInterval, 25*time.Second)
	o.PingTimeout = cmp.Or(o.PingTimeout, 20*time.Second)
	o.RingBytes = cmp.Or(o.RingBytes, 8<<20)
	o.RingMemory = cmp.Or(o.RingMemory, 256<<20)
	o.RingIdle = cmp.Or(o.RingIdle, time.Minute)
	o.MaxControl = cmp.Or(o.MaxControl, 4<<20)
	o.StallTimeout = cmp.Or(o.StallTimeout, 10*time.Second)
	o.CloseTimeout = cmp.Or(o.CloseTimeout, 5*time.Second)
	o.MaxTenants = cmp.Or(o.MaxTenants, 128)
	o.MaxPerTenant = cmp.Or(o.MaxPerTenant, 100_000)
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	o.Readers = cmp.Or(o.Readers, 8)
	o.PageSize = cmp.Or(o.PageSize, 500)
	return nil
}
