package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/auth"
	"rowcast/internal/config"
	"rowcast/internal/devpg"
	"rowcast/internal/inventory"
	"rowcast/internal/inventory/api"
	"rowcast/internal/postgres"
	"rowcast/internal/web"
)

// demoTokenLife is how long the printed tokens are good.
const demoTokenLife = 24 * time.Hour

func (p *program) demo() *cobra.Command {
	var (
		keep    string
		rate    float64
		verbose bool
	)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: a database, a shop that writes to it, and the feed",
		Long: `Starts a private PostgreSQL with the inventory schema and two tenants, a simulated
shop that writes a few changes a second through plain SQL, the feed, and pages
for the browser that live on it. Prints what to open and what to connect to, and
lines to copy. It answers as localhost, as the address that it listens on, and under
the names in ADDR and FRONTEND_URL. Ctrl-C ends it all.`,
		Example: `  rowcast demo
  rowcast demo --keep ./data      keep the data for the next time
  rowcast demo --rate 0           write everything yourself`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if rate < 0 || rate > 1000 {
				return usageError{fmt.Errorf("--rate is %v; give changes a second from 0 to 1000", rate)}
			}
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelInfo
			}
			d := demo{program: p, cfg: cfg, log: p.logger(level), keep: keep, rate: rate}
			return withoutCancellation(d.run(cmd.Context()))
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", "keep the data in this directory (default: a temporary one, gone at the end)")
	cmd.Flags().Float64Var(&rate, "rate", 3, "changes a second that the shop makes")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log what goes on")
	config.Bind(cmd.Flags(), "ADDR", "PORT", "ADMIN_ADDR", "JWT_SECRET", "FRONTEND_URL", "ORIGIN", "ROWCAST_NOTIFY", "ROWCAST_SOCKETIO_RECOVERY",
		"ROWCAST_RETENTION", "ROWCAST_BULK_ROWS", "ROWCAST_PING_INTERVAL", "ROWCAST_PING_TIMEOUT", "ROWCAST_PG_BINDIR")
	return cmd
}

// demo is one run of the demo.
type demo struct {
	*program
	cfg  config.Config
	log  *slog.Logger
	keep string
	rate float64
}

func (d *demo) run(ctx context.Context) (err error) {
	fmt.Fprintln(d.stderr, "starting PostgreSQL …")
	pg, err := embedded(ctx, &d.cfg, devpg.Options{Dir: d.keep}, true, d.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	if d.cfg.JWTSecret == "" {
		d.cfg.JWTSecret = config.Secret(rand.Text() + rand.Text())
	}
	tenants, err := d.seed(ctx)
	if err != nil {
		return err
	}
	shop, err := d.shop()
	if err != nil {
		return err
	}
	s, err := newService(ctx, d.cfg, d.log, listenNear)
	if err != nil {
		return err
	}
	defer s.close()
	done, err := d.application(ctx, s)
	if err != nil {
		return err
	}
	defer done()
	if err := d.welcome(ctx, pg, s, tenants); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.run(ctx, d.force) })
	g.Go(func() error { return shop(ctx) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-pg.Done():
			return fmt.Errorf("PostgreSQL ended: %w", pg.Err())
		}
	})
	return g.Wait()
}

// seed makes the data.
func (d *demo) seed(ctx context.Context) (tenants []inventory.Tenant, err error) {
	err = withConn(ctx, d.cfg.DatabaseURL, "rowcast demo", func(ctx context.Context, c *pgx.Conn) error {
		tenants, err = inventory.Seed(ctx, c)
		return err
	})
	return tenants, err
}

// applicationConnections is the size of the pool that the pages read and write
// through.
const applicationConnections = 8

// application puts the pages and their API in front, for browsers that know the name
// of the machine: whoever can read them needs no token. done ends what they use.
func (d *demo) application(ctx context.Context, s *service) (done func(), err error) {
	pages, err := web.Handler()
	if err != nil {
		return nil, err
	}
	pool, err := postgres.Open(ctx, d.cfg.DatabaseURL, "app", applicationConnections)
	if err != nil {
		return nil, err
	}
	shop, err := api.New(api.Options{
		Pool: pool, DatabaseURL: d.cfg.DatabaseURL, Secret: []byte(d.cfg.JWTSecret), Verify: s.front.Gate.Verify, Log: d.log,
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	s.front.Pages, s.front.API, s.front.OnlyAs = pages, shop, d.cfg.Hosts()
	return pool.Close, nil
}

// shop is what simulates the business: nothing, at rate 0.
func (d *demo) shop() (func(context.Context) error, error) {
	if d.rate == 0 {
		return func(context.Context) error { return nil }, nil
	}
	database, err := pgx.ParseConfig(d.cfg.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	shop, err := inventory.NewShop(inventory.ShopOptions{Database: database, Rate: d.rate, Logger: d.log})
	if err != nil {
		return nil, err
	}
	return shop.Run, nil
}

// listenNear listens on this machine only: on the address or on one of the
// next ports, at last on any free one.
func listenNear(ctx context.Context, addr string) (net.Listener, error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	const tries = 20
	for n := range tries {
		l, err := listen(ctx, net.JoinHostPort(host, strconv.Itoa(port+n)))
		if err == nil {
			return l, nil
		}
	}
	return listen(ctx, net.JoinHostPort(host, "0"))
}

// welcome prints what to connect to and what to try.
func (d *demo) welcome(ctx context.Context, pg *devpg.Server, s *service, tenants []inventory.Tenant) error {
	data := "in a temporary directory, gone at the end"
	if d.keep != "" {
		data = "kept in " + pg.Dir()
	}
	w := d.stdout
	fmt.Fprintf(w, `
Rowcast is running: open http://%s

  feed       %s  (subprotocol rowcast.v1)
             %s  (Server-Sent Events)
  database   %s
             PostgreSQL %s, %s
  operators  http://%s/readyz  /status

`, reachable(s.public.Addr()), webSocketURL(s.public.Addr()), eventsURL(s.public.Addr()), d.cfg.DatabaseURL, pg.Version(), data, s.admin.Addr())
	for _, t := range tenants {
		token, err := auth.Mint([]byte(d.cfg.JWTSecret), auth.MintClaims{Subject: "demo", Name: "Demo", Role: "owner", Tenants: []string{t.ID}}, demoTokenLife)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\n  tenant     %s\n  token      %s\n\n", t.Name, t.ID, token)
	}
	return d.lines(ctx, w, tenants[0])
}

// lines prints commands to copy.
func (d *demo) lines(ctx context.Context, w io.Writer, t inventory.Tenant) error {
	var sku string
	err := withConn(ctx, d.cfg.DatabaseURL, "rowcast demo", func(ctx context.Context, c *pgx.Conn) error {
		const largest = "select s.sku from public.skus s where s.tenant_id = $1 order by s.quantity desc limit 1"
		return c.QueryRow(ctx, largest, t.ID).Scan(&sku)
	})
	if err != nil {
		return fmt.Errorf("choose a sku for the example: %w", err)
	}
	_, err = fmt.Fprintf(w, `Follow the feed of %s:
  go run ./cmd/rowcast tail --tenant %s --database-url '%s'

Change something, with any writer:
  psql '%[3]s' -c "insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
    select tenant_id, id, 'adjustment', -1, 'damaged' from skus where sku = '%[4]s'"

Ctrl-C ends it.
`, t.Name, t.ID, d.cfg.DatabaseURL, sku)
	return err
}
