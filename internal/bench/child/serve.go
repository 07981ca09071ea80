package child

import (
	"context"
	"fmt"
	"io"
	"net/rpc"
	"net/rpc/jsonrpc"
)

// Serve offers the services, by name, and Process, until in ends or ctx does.
// A context that ends leaves a read of in behind; the process is to exit then.
func Serve(ctx context.Context, in io.Reader, out io.Writer, services map[string]any) error {
	server := rpc.NewServer()
	if err := server.RegisterName("Process", new(Process)); err != nil {
		return fmt.Errorf("offer Process: %w", err)
	}
	for name, service := range services {
		if err := server.RegisterName(name, service); err != nil {
			return fmt.Errorf("offer %s: %w", name, err)
		}
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.ServeCodec(jsonrpc.NewServerCodec(pipe{in, out}))
	}()
	select {
	case <-served:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pipe is the two standard streams as one connection.
type pipe struct {
	io.Reader
	io.Writer
}

// Close leaves the streams to those who opened them.
func (pipe) Close() error { return nil }
