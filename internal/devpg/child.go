package devpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// child is a running postmaster.
type child struct {
	cmd   *exec.Cmd
	asked atomic.Bool   // its end was asked for
	done  chan struct{} // closed when it has ended
	err   error         // why it ended, if nobody asked; valid after done
}

// startChild starts cmd and watches it. The kernel sends the parent-death
// signal when the thread that forked ends, not the process, so one goroutine
// keeps its thread from the fork until the child is gone.
func startChild(cmd *exec.Cmd, reason func(error) error) (*child, error) {
	c := &child{cmd: cmd, done: make(chan struct{})}
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
		return nil, fmt.Errorf("run %s: %w", cmd.Path, err)
	}
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// stop ends the child: fast shutdown, then immediate, then by force.
func (c *child) stop() error {
	c.asked.Store(true)
	for _, step := range []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{syscall.SIGINT, 10 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		if err := c.cmd.Process.Signal(step.sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("signal postgres (pid %d): %w", c.pid(), err)
		}
		timer := time.NewTimer(step.wait)
		select {
		case <-c.done:
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
	return fmt.Errorf("postgres (pid %d) survived SIGKILL", c.pid())
}

// kill ends the child as a crash would and waits until it is gone.
func (c *child) kill() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill postgres (pid %d): %w", c.pid(), err)
	}
	<-c.done
	return nil
}

// tool runs a program of PostgreSQL to its end under the account, in dir, and
// answers what it printed.
func tool(ctx context.Context, a *account, dir, name string, args ...string) (string, error) {
	runtime.LockOSThread() // see startChild
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
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
		return "", a.explain(fmt.Errorf("run %s: %w\n%s", name, err, lastLines(text, tailLines)))
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
