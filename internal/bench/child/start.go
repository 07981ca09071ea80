package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// timeout is how long a child may take to end by itself.
const timeout = 15 * time.Second

// Spec says what to run.
type Spec struct {
	// Path is the program, Args its arguments, Environ its environment.
	Path          string
	Args, Environ []string
}

// Child is a running process that serves calls.
type Child struct {
	name   string
	cmd    *exec.Cmd
	calls  *rpc.Client
	errors *end
	// exited is closed once the process is gone and err is set.
	exited chan struct{}
	err    error
}

// Start runs a child under a name for errors. The end of ctx kills it.
func Start(ctx context.Context, name string, spec Spec) (*Child, error) {
	c := &Child{name: name, cmd: exec.CommandContext(ctx, spec.Path, spec.Args...), errors: new(end), exited: make(chan struct{})}
	c.cmd.Env, c.cmd.Stderr = spec.Environ, c.errors
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

// PID is the process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

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
		return fmt.Errorf("the %s process ended: %w: %s", c.name, errors.Join(c.err, call.Error), c.errors)
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

// stream joins the two ends of a child.
type stream struct {
	io.Reader
	io.WriteCloser
}

// end keeps the end of what is written to it.
type end struct {
	mu   sync.Mutex
	text []byte
}

// keep is how much of what a child writes is kept, in bytes.
const keep = 4 << 10

func (e *end) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = append(e.text, p...)
	e.text = e.text[max(0, len(e.text)-keep):]
	return len(p), nil
}

func (e *end) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.TrimSpace(string(e.text))
}
