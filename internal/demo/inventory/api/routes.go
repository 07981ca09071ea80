package api

import (
	"context"
	"net/http"

	"github.com/gorilla/mux"

	"rowcast/internal/access/auth"
	"rowcast/internal/transport"
)

// caller is who asks, and for what.
type caller struct {
	*http.Request
	identity auth.Identity
	tenant   string
	// warehouses are those of a picker, nil for others.
	warehouses []string
}

// answer does what a request asks for, and returns a value to encode as JSON.
type answer func(ctx context.Context, c *caller) (any, error)

func (a *API) routes() http.Handler {
	router := mux.NewRouter()
	get := func(path string, f answer) {
		router.Handle("/api/"+path, a.handle(http.StatusOK, a.known(f))).Methods(http.MethodGet, http.MethodHead)
	}
	post := func(path string, status int, f answer) {
		router.Handle("/api/"+path, a.handle(status, a.known(f))).Methods(http.MethodPost)
	}
	router.Handle("/api/tenants", a.handle(http.StatusOK, a.tenants)).Methods(http.MethodGet, http.MethodHead)
	router.Handle("/api/login", a.handle(http.StatusOK, a.login)).Methods(http.MethodPost)
	post("token", http.StatusOK, a.renew)
	get("dashboard", a.dashboard)
	get("hints", a.hints)

	get("orders", a.orders)
	get("orders/{id}", a.order)
	post("orders", http.StatusCreated, whole(a.placeOrder))
	post("orders/{id}/fulfil", http.StatusOK, a.fulfilOrder)
	post("orders/{id}/cancel", http.StatusOK, whole(a.cancelOrder))

	get("purchase-orders", whole(a.purchaseOrders))
	get("purchase-orders/{id}", whole(a.purchaseOrder))
	post("purchase-orders", http.StatusCreated, whole(a.draftPurchaseOrder))
	post("purchase-orders/{id}/send", http.StatusOK, whole(a.sendPurchaseOrder))
	post("purchase-orders/{id}/receive", http.StatusOK, whole(a.receivePurchaseOrder))

	get("stock-movements", whole(a.movements))
	post("skus/{id}/adjust", http.StatusCreated, whole(a.adjust))
	get("products", a.products)
	get("products/{id}", a.product)
	get("suppliers", whole(a.suppliers))

	router.NotFoundHandler = a.handle(0, func(context.Context, *caller) (any, error) {
		return nil, refused(http.StatusNotFound, transport.NotFound, "the API has no such path")
	})
	router.MethodNotAllowedHandler = a.handle(0, func(_ context.Context, c *caller) (any, error) {
		return nil, refused(http.StatusMethodNotAllowed, transport.BadRequest, "the path does not take "+c.Method)
	})
	return router
}

// known lets only those through whose token names one tenant of the
// application.
func (a *API) known(f answer) answer {
	return func(ctx context.Context, c *caller) (any, error) {
		identity, problem := a.Gate.Bearer(c.Request)
		if problem != nil {
			return nil, &refusal{*problem}
		}
		c.identity = identity
		if len(c.identity.Tenants) != 1 || !isUUID(c.identity.Tenants[0]) {
			return nil, refused(http.StatusForbidden, transport.Forbidden, "the token has to name one tenant of this application; get one from POST /api/login")
		}
		c.tenant = c.identity.Tenants[0]
		if err := a.admit(ctx, c); err != nil {
			return nil, err
		}
		return f(ctx, c)
	}
}
