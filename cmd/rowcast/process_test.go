package main

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

// process is rowcast running as a process of its own.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr *transcript
	exited         chan struct{}
}

// spawn starts rowcast with no more of the environment than it needs.
func spawn(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{stdout: newTranscript(), stderr: newTranscript(), exited: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], args...) //nolint:gosec // this test binary
	p.cmd.Env = append(environ, isProgram+"=1")
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		p.cmd.Env = append(p.cmd.Env, name+"="+os.Getenv(name))
	}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
	})
	return p
}

// says waits until one of the streams matches the pattern, and returns its
// groups.
func (p *process) says(t *testing.T, stream *transcript, pattern string) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	deadline := time.After(timeout)
	for {
		if found := expression.FindStringSubmatch(stream.String()); found != nil {
			return found
		}
		select {
		case <-stream.more:
			continue
		case <-p.exited:
		case <-deadline:
		}
		t.Fatalf("%s does not print %s:\n%s\n%s", p.cmd.Args[1:], pattern, p.stdout, p.stderr)
	}
}

func (p *process) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// ends waits for the end and checks the exit code.
func (p *process) ends(t *testing.T, code int) {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(timeout):
		t.Fatalf("%s runs on after %s", p.cmd.Args[1:], timeout)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("%s exits with %d; want %d:\n%s", p.cmd.Args[1:], got, code, p.stderr)
	}
}

// transcript keeps what a process writes.
type transcript struct {
	// more has a token after each write.
	more chan struct{}

	mu   sync.Mutex
	text strings.Builder
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{}, 1)} }

func (w *transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
	return w.text.Write(p)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
