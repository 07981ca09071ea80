package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/access/auth"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/postgres"
	"rowcast/internal/service"
)

// tokenLife is how long the printed tokens are good.
const tokenLife = 24 * time.Hour

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
		l, err := service.Listen(ctx, net.JoinHostPort(host, strconv.Itoa(port+n)))
		if err == nil {
			return l, nil
		}
	}
	return service.Listen(ctx, net.JoinHostPort(host, "0"))
}

// welcome prints what to connect to and what to try.
func (d *demo) welcome(ctx context.Context, pg *devpg.Server, s *service.Service, tenants []inventory.Tenant) error {
	data := "in a temporary directory, gone at the end"
	if d.Keep != "" {
		data = "kept in " + pg.Dir()
	}
	w := d.Stdout
	fmt.Fprintf(w, `
Rowcast is running: open http://%s

  feed       %s  (subprotocol rowcast.v1)
             %s  (Server-Sent Events)
  database   %s
             PostgreSQL %s, %s
  operators  http://%s/readyz  /status

`, service.Reachable(s.Public()), s.WebSocketURL(), s.EventsURL(), d.Config.DatabaseURL, pg.Version(), data, s.Admin())
	for _, t := range tenants {
		token, err := auth.Mint([]byte(d.Config.JWTSecret), auth.MintClaims{Subject: "demo", Name: "Demo", Role: "owner", Tenants: []string{t.ID}}, tokenLife)
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
	err := postgres.With(ctx, postgres.Connect, d.Config.DatabaseURL, "rowcast demo", func(ctx context.Context, c *pgx.Conn) error {
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
`, t.Name, t.ID, d.Config.DatabaseURL, sku)
	return err
}
