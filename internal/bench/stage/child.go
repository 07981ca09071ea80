package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

const (
	// timeout is how long a child may take to end by itself.
	timeout = 15 * time.Second
	// keep is how much an error holds of what a child wrote, in bytes.
	keep = 4 << 10
)

// Child is a running process that serves calls.
type Child struct {
	name   string
	cmd    *exec.Cmd
	calls  *rpc.Client
	errors bytes.Buffer // what it wrote to its standard error
	// exited is closed once the process is gone and err is set.
	exited chan struct{}
	err    error
}

// start runs this program as a child, with arguments and an environment, under a name for
// errors. The end of ctx kills it.
func start(ctx context.Context, name string, args, environ []string) (*Child, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	c := &Child{name: name, cmd: exec.CommandContext(ctx, path, args...), exited: make(chan struct{})}
	c.cmd.Env, c.cmd.Stderr = environ, &c.errors
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from the terminal is for the parent
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the %s process: %w", name, err)
	}
	// The reading end outlives Wait, which would cut off the last answer.
	out, answers := io.Pipe()
	c.cmd.Stdout = answers
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s process: %w", name, err)
	}
	c.calls = jsonrpc.NewClient(stream{out, in})
	go func() {
		c.err = c.cmd.Wait()
		_ = answers.Close() // never fails
		close(c.exited)
	}()
	return c, nil
}

// Call calls a method of a service, "Process.Usage", and waits for the answer,
// the end of the child or that of ctx.
func (c *Child) Call(ctx context.Context, method string, args, reply any) error {
	call := c.calls.Go(method, args, reply, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
	case <-ctx.Done():
		return ctx.Err()
	}
	var answered rpc.ServerError
	switch {
	case call.Error == nil:
		return nil
	case errors.As(call.Error, &answered):
		return fmt.Errorf("%s process: %w", c.name, call.Error)
	}
	select {
	case <-c.exited:
		return fmt.Errorf("the %s process ended: %w: %s", c.name, errors.Join(c.err, call.Error), bytes.TrimSpace(c.errors.Bytes()[max(0, c.errors.Len()-keep):]))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Usage asks what the child uses.
func (c *Child) Usage(ctx context.Context) (Usage, error) {
	var u Usage
	err := c.Call(ctx, "Process.Usage", Nothing{}, &u)
	return u, err
}

// Close lets the child end, or kills it, and waits for it.
func (c *Child) Close() error {
	err := c.calls.Close()
	select {
	case <-c.exited:
	case <-time.After(timeout):
		_ = c.cmd.Process.Kill() // gone already is fine
		<-c.exited
	}
	if errors.Is(err, rpc.ErrShutdown) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// stream is the two standard streams as one connection.
type stream struct {
	io.Reader
	io.WriteCloser
}

// Serve offers the services, by name, and Process, until in ends or ctx does.
// A context that ends leaves a read of in behind; the process is to exit then.
func Serve(ctx context.Context, in io.Reader, out io.WriteCloser, services map[string]any) error {
	server := rpc.NewServer()
	_ = server.RegisterName("Process", new(Process)) // the first, with methods
	for name, service := range services {
		if err := server.RegisterName(name, service); err != nil {
			return fmt.Errorf("offer %s: %w", name, err)
		}
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.ServeCodec(jsonrpc.NewServerCodec(stream{in, out}))
	}()
	select {
	case <-served:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Nothing is the argument or the answer of a call that has none.
type Nothing struct{}

// Usage is what a process uses.
type Usage struct {
	// CPU is the processor time of all threads so far.
	CPU time.Duration
	// RSS is the resident memory in bytes; 0 where the system does not report it.
	RSS int64
}

// Process is the service of every child.
type Process struct{}

// Usage reads what the process uses.
func (*Process) Usage(_ Nothing, u *Usage) error {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // it fails for arguments only
	*u = Usage{CPU: time.Duration(used.Utime.Nano() + used.Stime.Nano())}
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
