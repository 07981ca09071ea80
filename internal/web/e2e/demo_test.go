package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// demo is a rowcast demo. One goroutine at a time uses it.
type demo struct {
	program string
	args    []string
	environ []string
	cmd     *exec.Cmd
	exited  chan struct{}
	output  servetest.Transcript
	// address and dsn are of the run that started last.
	address, dsn string
}

// newDemo starts a demo with more arguments, which runs until the test ends.
// Pages of the origin may use it.
func newDemo(t *testing.T, origin string, args ...string) *demo {
	t.Helper()
	d := &demo{
		program: servetest.Release(t),
		args:    append([]string{"demo", "--rate", "0", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"}, args...),
		environ: []string{"JWT_SECRET=" + servetest.Secret, "FRONTEND_URL=" + origin},
	}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		d.environ = append(d.environ, name+"="+os.Getenv(name))
	}
	t.Cleanup(func() {
		d.stop()
		if text := d.output.String(); t.Failed() {
			t.Logf("the demo wrote at the end:\n%s", text[max(0, len(text)-6000):])
		}
	})
	if err := d.start(); err != nil {
		t.Fatal(err)
	}
	return d
}

// start returns when the demo listens, on other ports than before.
func (d *demo) start() error {
	from := len(d.output.String())
	cmd := exec.Command(d.program, d.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = d.environ, &d.output, &d.output
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	d.cmd, d.exited = cmd, exited
	said := regexp.MustCompile(`(?s)open http://(\S+).* database +(\S+).*\nCtrl-C`)
	for giveUp := time.After(servetest.Timeout); ; {
		if found := said.FindStringSubmatch(d.output.String()[from:]); found != nil {
			d.address, d.dsn = found[1], found[2]
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("the demo ended:\n%s", &d.output)
		case <-giveUp:
			return fmt.Errorf("the demo does not start within %s:\n%s", servetest.Timeout, &d.output)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stop ends the demo, and waits until its PostgreSQL has ended too.
func (d *demo) stop() {
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	hang := time.AfterFunc(servetest.Timeout, func() { _ = d.cmd.Process.Kill() })
	defer hang.Stop()
	<-d.exited
}

// kill ends the demo with -9, and with it its PostgreSQL.
func (d *demo) kill() {
	if d.cmd != nil {
		_ = d.cmd.Process.Kill() // it may be gone
		<-d.exited
	}
}
