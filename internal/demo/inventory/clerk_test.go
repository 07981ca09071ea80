package inventory

import (
	"context"
	"errors"
	"strings"
	"testing"

	"rowcast/internal/test/pgtest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// TestClerkRefusesBeforeItWrites commits after each refusal and looks for
// anything that has changed.
func TestClerkRefusesBeforeItWrites(t *testing.T) {
	t.Parallel()
	_, conn := seeded(t)
	id := func(table, column, value, tenant string) string {
		return pgtest.Query[string](t, conn, `select id from public.`+table+` where `+column+` = $1 and tenant_id = $2`, value, tenant)
	}
	pgtest.ExecWith(t, conn, `insert into public.stock_movements (tenant_id, sku_id, movement_type, quantity, created_by)
		select s.tenant_id, s.id, 'adjustment', 1 - s.quantity, u.id
		  from public.skus s join public.users u on u.tenant_id = s.tenant_id and u.role = 'owner' where sku = 'JKT-L'`)
	jacket, foreign := id("skus", "sku", "JKT-L", AcmeID), id("skus", "sku", "AUR-250", BorealisID)
	one := func(sku string) Lines { return Lines{SKUs: []string{sku}, Units: []int32{1}} }
	before := fingerprint(t, conn)
	for name, test := range map[string]struct {
		do   func(context.Context, *Clerk) error
		want string // part of the reason of a conflict; otherwise it is not found
	}{
		"too few": {func(ctx context.Context, c *Clerk) error {
			return c.FulfilOrder(ctx, id("orders", "order_number", "SO-1024", AcmeID))
		}, "wants 2 of JKT-L and there are 1"},
		"fulfilled": {func(ctx context.Context, c *Clerk) error {
			return c.FulfilOrder(ctx, id("orders", "order_number", "SO-1001", AcmeID))
		}, "is fulfilled; to be fulfilled it has to be pending or processing"},
		"cancelled": {func(ctx context.Context, c *Clerk) error {
			return c.CancelOrder(ctx, id("orders", "order_number", "SO-1004", AcmeID))
		}, "order SO-1004 is cancelled"},
		"draft": {func(ctx context.Context, c *Clerk) error {
			return c.ReceivePurchaseOrder(ctx, id("purchase_orders", "po_number", "PO-508", AcmeID))
		}, "purchase order PO-508 is draft; to be received it has to be sent or confirmed"},
		"received": {func(ctx context.Context, c *Clerk) error {
			return c.SendPurchaseOrder(ctx, id("purchase_orders", "po_number", "PO-501", AcmeID))
		}, "PO-501 is received"},
		"below zero": {func(ctx context.Context, c *Clerk) error {
			_, err := c.AdjustStock(ctx, jacket, -2, "damaged")
			return err
		}, "there are 1 of JKT-L; 2 cannot be taken away"},
		"too many": {func(ctx context.Context, c *Clerk) error {
			_, err := c.AdjustStock(ctx, jacket, 1<<31-1, "found")
			return err
		}, "more than 2147483647 cannot be counted"},
		"foreign order": {func(ctx context.Context, c *Clerk) error {
			return c.FulfilOrder(ctx, id("orders", "order_number", "SO-1025", BorealisID))
		}, ""},
		"foreign sku": {func(ctx context.Context, c *Clerk) error {
			_, err := c.AdjustStock(ctx, foreign, 1, "found")
			return err
		}, ""},
		"foreign line": {func(ctx context.Context, c *Clerk) error {
			_, err := c.PlaceOrder(ctx, "somebody", one(foreign))
			return err
		}, ""},
		"foreign supplier": {func(ctx context.Context, c *Clerk) error {
			_, err := c.DraftPurchaseOrder(ctx, id("suppliers", "name", "Kamo Ceramics", BorealisID), one(jacket))
			return err
		}, ""},
	} {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			err := test.do(t.Context(), &Clerk{Tx: tx, Tenant: AcmeID})
			conflict, ok := errors.AsType[*ConflictError](err)
			if ok != (test.want != "") || ok && !strings.Contains(conflict.Reason, test.want) || !ok && !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%s: commit: %v", name, err)
		}
		if diff := cmp.Diff(before, fingerprint(t, conn)); diff != "" {
			t.Fatalf("%s changed something:\n%s", name, diff)
		}
	}
	addsUp(t, conn)
}
