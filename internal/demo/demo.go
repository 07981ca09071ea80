package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/embedded"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/demo/inventory/api"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
	"rowcast/internal/service"
	"rowcast/internal/web"
)

// Options are the settings of a demo.
type Options struct {
	Config config.Config
	// Keep is the directory for the data; empty: it is thrown away.
	Keep string
	// Rate is how many changes a second the shop makes.
	Rate float64
	Log  *slog.Logger
	// Stdout has what to connect to, Stderr what goes on.
	Stdout, Stderr io.Writer
	// Force ends it without manners.
	Force <-chan struct{}
}

// demo is one run.
type demo struct{ Options }

// Run runs a demo until ctx ends.
func Run(ctx context.Context, o Options) error { return (&demo{o}).run(ctx) }

func (d *demo) run(ctx context.Context) (err error) {
	fmt.Fprintln(d.Stderr, "starting PostgreSQL …")
	pg, err := embedded.Start(ctx, &d.Config, devpg.Options{Dir: d.Keep}, true, d.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Close()) }()
	if d.Config.JWTSecret == "" {
		d.Config.JWTSecret = config.Secret(rand.Text() + rand.Text())
	}
	tenants, err := d.seed(ctx)
	if err != nil {
		return err
	}
	shop, err := d.shop()
	if err != nil {
		return err
	}
	s, err := service.New(ctx, d.Config, d.Log, listenNear)
	if err != nil {
		return err
	}
	defer s.Close()
	done, err := d.application(ctx, s)
	if err != nil {
		return err
	}
	defer done()
	if err := d.welcome(ctx, pg, s, tenants); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.Run(ctx, d.Force) })
	g.Go(func() error { return shop(ctx) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-pg.Done():
			return errcode.With("private-postgres", fmt.Errorf("PostgreSQL ended: %w", pg.Err()))
		}
	})
	return g.Wait()
}

// seed makes the data, and says who sees what of it.
func (d *demo) seed(ctx context.Context) (tenants []inventory.Tenant, err error) {
	err = postgres.With(ctx, postgres.Connect, d.Config.DatabaseURL, "rowcast demo", func(ctx context.Context, c *pgx.Conn) error {
		if tenants, err = inventory.Seed(ctx, c); err != nil {
			return err
		}
		return rule(ctx, c)
	})
	return tenants, err
}

// applicationConnections is the size of the pool that the pages read and write
// through.
const applicationConnections = 8

// application puts the pages and their API in front, for browsers that know the name of
// the machine: a reader of those needs no token. done ends what they use.
func (d *demo) application(ctx context.Context, s *service.Service) (done func(), err error) {
	pages, err := web.Handler()
	if err != nil {
		return nil, err
	}
	pool, err := postgres.Open(ctx, d.Config.DatabaseURL, "app", applicationConnections)
	if err != nil {
		return nil, err
	}
	shop, err := api.New(api.Options{
		Pool: pool, DatabaseURL: d.Config.DatabaseURL, Secret: []byte(d.Config.JWTSecret), Gate: s.Front.Gate, Log: d.Log,
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	s.Front.Pages, s.Front.API, s.Front.OnlyAs = pages, shop, d.Config.Hosts()
	return pool.Close, nil
}

// shop is what simulates the business: nothing, at rate 0.
func (d *demo) shop() (func(context.Context) error, error) {
	if d.Rate == 0 {
		return func(context.Context) error { return nil }, nil
	}
	database, err := pgx.ParseConfig(d.Config.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	shop, err := inventory.NewShop(inventory.ShopOptions{Database: database, Rate: d.Rate, Logger: d.Log})
	if err != nil {
		return nil, err
	}
	return shop.Run, nil
}
