package servetest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is a program that runs.
type Process struct {
	cmd *exec.Cmd
	// Out and Err are what it has written.
	Out, Err Transcript
	// Exited is closed at its end. What it wrote is whole then.
	Exited chan struct{}
}

// Spawn starts a program with no more of the environment than it needs, until the
// test ends. A data race in it fails the test.
func Spawn(t testing.TB, environ []string, program string, args ...string) *Process {
	t.Helper()
	p := begin(t, environ, program, args...)
	t.Cleanup(func() { p.end(t) })
	return p
}

// begin is Spawn for a program that the caller ends.
func begin(t testing.TB, environ []string, program string, args ...string) *Process {
	t.Helper()
	p := &Process{cmd: exec.Command(program, args...), Exited: make(chan struct{})} //nolint:gosec,noctx // built by this test, and killed by its cleanup
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		p.cmd.Env = append(p.cmd.Env, name+"="+os.Getenv(name))
	}
	p.cmd.Env = append(p.cmd.Env, environ...)
	p.cmd.Stdout, p.cmd.Stderr = &p.Out, &p.Err
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("servetest: %v", err)
	}
	go func() {
		defer close(p.Exited)
		_ = p.cmd.Wait()
	}()
	return p
}

// end ends the program, and fails the test if it had a data race.
func (p *Process) end(t testing.TB) {
	t.Helper()
	p.Kill()
	if text := p.Err.String(); strings.Contains(text, "DATA RACE") {
		t.Errorf("%s has a data race:\n%s", p.cmd.Args[1:], text)
	} else if t.Failed() {
		t.Logf("%s wrote at the end:\n%s", p.cmd.Args[1:], text[max(0, len(text)-6000):])
	}
}

// Says waits until one of the transcripts matches the pattern, and returns its
// groups.
func (p *Process) Says(t testing.TB, in *Transcript, pattern string) (groups []string) {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	Eventually(t, pattern, func() bool {
		ended := false
		select {
		case <-p.Exited:
			ended = true
		default:
		}
		if groups = expression.FindStringSubmatch(in.String()); groups == nil && ended {
			t.Fatalf("%s ended and did not print %s:\n%s\n%s", p.cmd.Args[1:], pattern, &p.Out, &p.Err)
		}
		return groups != nil
	})
	return groups
}

// Signal sends a signal. The channel is Exited.
func (p *Process) Signal(t testing.TB, signal syscall.Signal) (exited <-chan struct{}) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatalf("servetest: %v", err)
	}
	return p.Exited
}

// Kill ends it with -9 and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may be gone
	<-p.Exited
}

// Ends waits for the end and checks the exit code.
func (p *Process) Ends(t testing.TB, code int) {
	t.Helper()
	select {
	case <-p.Exited:
	case <-time.After(Timeout):
		t.Fatalf("%s runs on after %s", p.cmd.Args[1:], Timeout)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("%s exits with %d; want %d:\n%s", p.cmd.Args[1:], got, code, &p.Err)
	}
}

// Transcript keeps what is written to it. The zero value is empty.
type Transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (w *Transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// String is everything so far.
func (w *Transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
