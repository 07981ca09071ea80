package inventory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	defaultRate = 3
	// actionTimeout ends a transaction that waits for a lock or for a
	// database that has gone silent.
	actionTimeout  = 5 * time.Second
	connectTimeout = 5 * time.Second
	minPause       = 100 * time.Millisecond
	maxPause       = 5 * time.Second
	// maxHangUp bounds how long Run waits for its connection to close.
	maxHangUp = 2 * time.Second
)

// ShopOptions are the settings of a Shop.
type ShopOptions struct {
	// Database says where to write; required. The shop sets its own
	// application_name, "shop".
	Database *pgx.ConnConfig
	// Tenants are the ids of the tenants to work for; the two of Seed if empty.
	Tenants []string
	// Rate is how many changes the shop makes a second for all tenants
	// together, each a transaction that writes a few rows; 3 if zero.
	Rate float64
	// Seed makes the decisions of the shop repeatable; zero means that each
	// run is different.
	Seed uint64
	// Logger hears of interruptions and, at debug level, of each change;
	// nobody if nil.
	Logger *slog.Logger
}

// Shop simulates the daily business of tenants.
type Shop struct {
	database *pgx.ConnConfig
	tenants  []string
	rate     float64
	rng      *rand.Rand
	log      *slog.Logger
	// timeout is what a transaction may take.
	timeout time.Duration
}

// NewShop checks the options and makes a Shop.
func NewShop(o ShopOptions) (*Shop, error) {
	if o.Database == nil {
		return nil, errors.New("inventory: ShopOptions.Database is nil; set it to the database to write to")
	}
	if o.Rate < 0 || math.IsNaN(o.Rate) || math.IsInf(o.Rate, 0) {
		return nil, fmt.Errorf("inventory: ShopOptions.Rate is %v; set it to changes a second above 0, or 0 for %d", o.Rate, defaultRate)
	}
	s := &Shop{database: o.Database.Copy(), tenants: o.Tenants, rate: o.Rate, log: o.Logger, timeout: actionTimeout}
	if s.database.RuntimeParams == nil {
		s.database.RuntimeParams = make(map[string]string)
	}
	s.database.RuntimeParams["application_name"] = "shop"
	if s.database.ConnectTimeout == 0 {
		s.database.ConnectTimeout = connectTimeout
	}
	if len(s.tenants) == 0 {
		s.tenants = []string{AcmeID, BorealisID}
	}
	if s.rate == 0 {
		s.rate = defaultRate
	}
	seed := o.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	s.rng = rand.New(rand.NewPCG(seed, 0))
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// Run keeps the shop going until ctx ends, then returns nil. It must not be
// called twice at the same time.
func (s *Shop) Run(ctx context.Context) error {
	for wait := minPause; ; wait = min(2*wait, maxPause) {
		wrote, err := s.serve(ctx)
		if wrote {
			wait = minPause
		}
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "shop interrupted", "error", err, "retry_in", wait)
		}
		if !pause(ctx, wait) {
			return nil
		}
	}
}

// serve works on one connection until something goes wrong. It says whether
// something was written before.
func (s *Shop) serve(ctx context.Context) (wrote bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, s.database)
	if err != nil {
		return false, fmt.Errorf("connect shop: %w", err)
	}
	defer hangUp(ctx, conn)
	s.log.InfoContext(ctx, "shop open", "tenants", len(s.tenants), "rate", s.rate)
	for pause(ctx, s.interval()) {
		tenant, name, err := s.act(ctx, conn)
		if err != nil {
			return wrote, err
		}
		if name != "" {
			wrote = true
			s.log.DebugContext(ctx, "shop wrote", "action", name, "tenant", tenant)
		}
	}
	return wrote, ctx.Err()
}

// interval is the pause before the next change: 1/rate on average, irregular
// as people are.
func (s *Shop) interval() time.Duration {
	return time.Duration((0.5 + s.rng.Float64()) / s.rate * float64(time.Second))
}

// hangUp closes the connection and waits until it is gone, also after ctx has
// ended.
func hangUp(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxHangUp)
	defer cancel()
	// The transaction is over or lost; there is nothing to do about an error.
	_ = conn.Close(ctx)
	select {
	case <-conn.PgConn().CleanupDone():
	case <-ctx.Done():
	}
}

// pause waits for d and says whether ctx is still alive then.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}
