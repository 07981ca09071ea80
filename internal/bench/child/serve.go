package child

import (
	"context"
	"fmt"
	"io"
	"net/rpc"
	"net/rpc/jsonrpc"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
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

// Nothing is the argument or the answer of a call that has none.
type Nothing struct{}

// Usage is what a process uses.
type Usage struct {
	// CPU is the processor time of all threads so far.
	CPU time.Duration
	// RSS is the resident memory in bytes; 0 where the system does not tell.
	RSS int64
	// Heap and Stacks are the bytes of live and not yet collected objects and
	// of goroutines' stacks.
	Heap, Stacks int64
	// Mallocs counts allocations so far.
	Mallocs int64
}

// Process is the service of every child.
type Process struct{}

// Usage reads what the process uses.
func (*Process) Usage(_ Nothing, u *Usage) error {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	*u = Usage{CPU: OwnCPU(), Heap: int64(m.HeapAlloc), Stacks: int64(m.StackInuse), Mallocs: int64(m.Mallocs)}
	if self, err := procfs.Self(); err == nil {
		if stat, err := self.Stat(); err == nil {
			u.RSS = int64(stat.ResidentMemory())
		}
	}
	return nil
}

// Collect collects garbage and returns memory to the system. Stacks shrink by
// half at a time.
func (*Process) Collect(Nothing, *Nothing) error {
	for range 4 {
		debug.FreeOSMemory()
	}
	return nil
}

// OwnCPU is the processor time that this process has used.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it fails for arguments only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
