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
	"rowcast/internal/postgres"
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
shop that writes a few changes a second through plain SQL, and the feed. Prints
what to connect to and lines to copy. Ctrl-C ends it all.`,
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
			return d.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", "keep the data in this directory (default: a temporary one, gone at the end)")
	cmd.Flags().Float64Var(&rate, "rate", 3, "changes a second that the shop makes")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log what goes on")
	config.Bind(cmd.Flags(), "ADDR", "PORT", "ADMIN_ADDR", "JWT_SECRET", "FRONTEND_URL", "ORIGIN", "ROWCAST_NOTIFY",
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
	pg, err := devpg.Start(ctx, devpg.Options{Dir: d.keep, BinDir: d.cfg.PGBinDir, Log: d.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	d.cfg.DatabaseURL = pg.DSN("postgres")
	d.cfg.ListenDatabaseURL = d.cfg.DatabaseURL
	if d.cfg.JWTSecret == "" {
		d.cfg.JWTSecret = config.Secret(rand.Text() + rand.Text())
	}
	tenants, err := d.stock(ctx)
	if err != nil {
		return err
	}
	s, err := newService(ctx, d.cfg, d.log)
	if err != nil {
		return err
	}
	public, admin, err := d.listen(ctx)
	if err != nil {
		s.release()
		return err
	}
	shop, err := d.shop()
	if err != nil {
		s.release()
		return err
	}
	if err := d.welcome(ctx, pg, public, admin, tenants); err != nil {
		s.release()
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.run(ctx, public, admin, d.hurry) })
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

// stock makes the schema and the data.
func (d *demo) stock(ctx context.Context) ([]inventory.Tenant, error) {
	migrator := postgres.Migrator{URL: d.cfg.DatabaseURL, Inventory: true, Log: d.log}
	if _, err := migrator.Up(ctx); err != nil {
		return nil, err
	}
	conn, err := postgres.Connect(ctx, d.cfg.DatabaseURL, "rowcast demo")
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return inventory.Seed(ctx, conn)
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

// listen opens the listeners on this machine only, on other ports if those of
// the settings are taken.
func (d *demo) listen(ctx context.Context) (public, admin net.Listener, err error) {
	if public, err = listenNear(ctx, d.cfg.Addr); err != nil {
		return nil, nil, fmt.Errorf("listen for clients: %w", err)
	}
	if admin, err = listenNear(ctx, d.cfg.AdminAddr); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("listen for operators: %w", err), public.Close())
	}
	return public, admin, nil
}

// listenNear listens on the address or on one of the next ports, at last on
// any free one.
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
	var config net.ListenConfig
	for n := range tries {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port+n)))
		if err == nil {
			return l, nil
		}
	}
	return config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}

// welcome prints what to connect to and what to try.
func (d *demo) welcome(ctx context.Context, pg *devpg.Server, public, admin net.Listener, tenants []inventory.Tenant) error {
	data := "in a temporary directory, gone at the end"
	if d.keep != "" {
		data = "kept in " + pg.Dir()
	}
	w := d.stdout
	fmt.Fprintf(w, `
Rowcast is running.

  feed       %s  (subprotocol rowcast.v1)
  database   %s
             PostgreSQL %s, %s
  operators  http://%s/readyz  /status

`, webSocketURL(public.Addr()), d.cfg.DatabaseURL, pg.Version(), data, admin.Addr())
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
	conn, err := postgres.Connect(ctx, d.cfg.DatabaseURL, "rowcast demo")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var sku string
	err = conn.QueryRow(ctx, "select s.sku from public.skus s where s.tenant_id = $1 order by s.quantity desc limit 1", t.ID).Scan(&sku)
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
