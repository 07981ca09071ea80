package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Child is a program that runs until it is stopped.
type Child struct {
	cmd   *exec.Cmd
	asked atomic.Bool   // its end was asked for
	done  chan struct{} // closed when it has ended
	err   error         // why it ended, if nobody asked; valid after done
}

// Start runs cmd under the account, in a process group of its own and a plain
// environment. If it ends unasked, reason makes the error of Err. On Linux it
// gets the signal onOurDeath when this process ends in whatever way.
//
// The kernel sends that signal when the thread that forked ends, not the
// process, so one goroutine keeps its thread from the fork until the child is
// gone.
func Start(cmd *exec.Cmd, a *Account, onOurDeath syscall.Signal, reason func(error) error) (*Child, error) {
	cmd.Env = plain(os.Environ())
	cmd.SysProcAttr = attributes(a, onOurDeath)
	c := &Child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		if !c.asked.Load() {
			c.err = reason(err)
		}
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, a.explain(fmt.Errorf("run %s: %w", cmd.Path, err))
	}
	return c, nil
}

// PID returns the process id, also after the end.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Done returns a channel that is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Err says why the child ended unasked: nil while it runs and after Stop.
func (c *Child) Err() error {
	if !c.Ended() {
		return nil
	}
	return c.err
}

// Ended reports whether the child has ended.
func (c *Child) Ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Stop ends the child: fast (SIGINT), after the timeout at once (SIGQUIT), and
// after half of it again by force.
func (c *Child) Stop(timeout time.Duration) error {
	c.asked.Store(true)
	for _, step := range []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{syscall.SIGINT, timeout}, {syscall.SIGQUIT, timeout / 2}, {syscall.SIGKILL, 10 * time.Second}} {
		if err := c.cmd.Process.Signal(step.sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("signal process %d: %w", c.PID(), err)
		}
		timer := time.NewTimer(step.wait)
		select {
		case <-c.done:
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
	return fmt.Errorf("process %d survived SIGKILL", c.PID())
}

// Kill ends the child as a crash would and waits until it is gone.
func (c *Child) Kill() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill process %d: %w", c.PID(), err)
	}
	<-c.done
	return nil
}

// Run runs a program to its end under the account, in dir, and returns what it
// printed.
func Run(ctx context.Context, a *Account, dir, name string, args ...string) (string, error) {
	return RunOn(ctx, a, dir, nil, name, args...)
}

// RunOn is [Run] of a program that reads the input, nil for none.
func RunOn(ctx context.Context, a *Account, dir string, input io.Reader, name string, args ...string) (string, error) {
	runtime.LockOSThread() // see Start
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Stdin = input
	cmd.Env = plain(os.Environ())
	cmd.SysProcAttr = attributes(a, syscall.SIGKILL)
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = 2 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	text := strings.TrimSpace(out.String())
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return "", a.explain(fmt.Errorf("run %s: %w\n%s", name, err, LastLines(text)))
	}
	return text, nil
}

// plain is the environment without what would change how PostgreSQL behaves.
func plain(environment []string) []string {
	env := slices.DeleteFunc(slices.Clone(environment), func(kv string) bool {
		return strings.HasPrefix(kv, "PG") || strings.HasPrefix(kv, "LC_") || strings.HasPrefix(kv, "LANG")
	})
	return append(env, "LC_MESSAGES=C")
}
