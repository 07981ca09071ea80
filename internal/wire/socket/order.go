package socket

import (
	"context"
	"net"
	"sync/atomic"
)

// accepted is the key of the acceptance of a connection, in the context of its
// requests.
type accepted struct{}

// acceptance says when a connection was accepted, and whether a request was counted.
type acceptance struct {
	number uint64
	used   atomic.Bool
}

// Accepted makes the ConnContext of an http.Server, by which Order knows in which
// order connections were accepted.
func Accepted() func(context.Context, net.Conn) context.Context {
	var last atomic.Uint64
	return func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, accepted{}, &acceptance{number: last.Add(1)})
	}
}

// Order is the place of a request among the first requests of all connections; 0
// if that is not known, or it is not the first. It is asked once a request.
//
// Connections that become readable together are not served in the order in
// which they were opened: the runtime wakes the last one first.
func Order(ctx context.Context) uint64 {
	p, ok := ctx.Value(accepted{}).(*acceptance)
	if !ok || p.used.Swap(true) {
		return 0
	}
	return p.number
}
