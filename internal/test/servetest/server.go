package servetest

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	// Secret signs the tokens that servers take.
	Secret = "a secret of at least thirty-two bytes"
	// Timeout bounds every wait; it decides nothing but when to give up.
	Timeout = time.Minute
)

// Server is rowcast serve. It listens on other ports after each start.
type Server struct {
	program        string
	environ        []string
	address, admin atomic.Pointer[string]

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	output Transcript
}

// Start serves a database until the test ends. Settings, as in "NAME=value",
// override those before them.
func Start(t testing.TB, dsn string, settings ...string) *Server {
	t.Helper()
	return StartProgram(t, Program(t, ""), dsn, settings...)
}

// StartProgram is Start with a program of its own.
func StartProgram(t testing.TB, path, dsn string, settings ...string) *Server {
	t.Helper()
	s := &Server{program: path}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		s.environ = append(s.environ, name+"="+os.Getenv(name))
	}
	s.environ = append(s.environ, "JWT_SECRET="+Secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "DATABASE_URL="+dsn)
	s.environ = append(s.environ, settings...)
	t.Cleanup(func() {
		s.Kill()
		if text := s.output.String(); strings.Contains(text, "DATA RACE") {
			t.Errorf("a server has a data race:\n%s", text)
		} else if t.Failed() {
			t.Logf("a server wrote at the end:\n%s", text[max(0, len(text)-6000):])
		}
	})
	s.Restart(t)
	return s
}

// Restart starts the process, which must not be running, and returns when it
// listens.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	from := len(s.output.String())
	cmd := exec.Command(s.program, "serve") //nolint:gosec,noctx // built by this test, and killed by its cleanup
	cmd.Env, cmd.Stdout, cmd.Stderr = s.environ, &s.output, &s.output
	if err := cmd.Start(); err != nil {
		t.Fatalf("servetest: %v", err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	s.cmd, s.exited = cmd, exited
	said := regexp.MustCompile(`"msg":"serving","ws":"ws://([^/"]+)/ws","admin":"([^"]+)"`)
	var found []string
	Eventually(t, "server that listens", func() bool {
		select {
		case <-exited:
			t.Fatalf("servetest: the server ended:\n%s", &s.output)
		default:
		}
		found = said.FindStringSubmatch(s.output.String()[from:])
		return found != nil
	})
	s.address.Store(&found[1])
	s.admin.Store(&found[2])
}

// Address is where clients connect to, as host and port.
func (s *Server) Address() string { return *s.address.Load() }

// Kill ends the process with -9 and waits until it is gone.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		_ = s.cmd.Process.Kill() // it may be gone
		<-s.exited
	}
}

// Signal sends a signal to the process; the channel is closed at its end.
func (s *Server) Signal(t testing.TB, signal syscall.Signal) (exited <-chan struct{}) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Fatalf("servetest: %v", err)
	}
	return s.exited
}

// PID is that of the process, also after its end.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Pid
}

// ExitCode is that of a process that has ended.
func (s *Server) ExitCode() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	<-s.exited
	return s.cmd.ProcessState.ExitCode()
}

// Get asks the listener of operators. The status is 0 if nobody answers.
func (s *Server) Get(t testing.TB, path string) (status int, body string) {
	t.Helper()
	client := http.Client{Timeout: Timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, *s.admin.Load()+path, http.NoBody)
	if err != nil {
		t.Fatalf("servetest: %v", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

// Status is what tests look at of /status.
type Status struct {
	// Head is the newest sequence in the log, Sequence the newest that was published.
	Head        int64
	Sequence    int64 `json:"place"`
	Connections int
	// Problem is why something could not be reported.
	Problem string
	Hub     struct {
		Subscriptions, Blocked, CatchUps, HistoryReads, Resets int
		// Closes counts the connections that were ended, by cause.
		Closes map[string]int
	}
}

// Status asks for /status.
func (s *Server) Status(t testing.TB) (status Status) {
	t.Helper()
	code, body := s.Get(t, "/status")
	if err := json.Unmarshal([]byte(body), &status); err != nil {
		t.Fatalf("servetest: /status answers %d %s: %v", code, body, err)
	}
	return status
}

// Eventually waits until a condition holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > Timeout {
			t.Fatalf("no %s within %s", what, Timeout)
		}
	}
}

// Transcript keeps what a process writes. The zero value is empty.
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
