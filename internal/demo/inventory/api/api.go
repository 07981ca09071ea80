package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/transport"
)

// requestTime bounds what a request may take in the database.
const requestTime = 10 * time.Second

// Options are the settings of an API.
type Options struct {
	// Pool leads to the database of the inventory; required. The caller closes it.
	Pool *pgxpool.Pool
	// DatabaseURL is shown in the lines to copy. Every user with a token sees it.
	DatabaseURL string
	// Secret signs tokens, and Gate has to accept them. Both are required.
	Secret []byte
	Gate   *transport.Gate
	// Log hears of failures; nobody if nil.
	Log *slog.Logger
}

// API serves the inventory.
type API struct {
	Options
	router http.Handler
}

// New makes an API.
func New(o Options) (*API, error) {
	switch {
	case o.Pool == nil:
		return nil, errors.New("inventory api: Options.Pool is nil; set it to a pool of the inventory's database")
	case len(o.Secret) == 0 || o.Gate == nil:
		return nil, errors.New("inventory api: Options.Secret or Gate is missing; tokens need both")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{Options: o}
	a.router = a.routes()
	return a, nil
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.router.ServeHTTP(w, r) }

// read runs f on one snapshot of the database.
func (a *API) read(ctx context.Context, f func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, a.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
}

// write runs f as a clerk of the caller's tenant; all of it happens or nothing.
func (a *API) write(ctx context.Context, c *caller, f func(clerk *inventory.Clerk) error) error {
	return pgx.BeginFunc(ctx, a.Pool, func(tx pgx.Tx) error {
		clerk := &inventory.Clerk{Tx: tx, Tenant: c.tenant}
		user, err := findUser(ctx, tx, c.tenant, c.identity.Subject)
		if err != nil {
			return err
		}
		if user != nil {
			clerk.User = &user.ID
		}
		return f(clerk)
	})
}
