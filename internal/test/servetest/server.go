package servetest

import (
	"encoding/json"
	"io"
	"net/http"
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
	Timeout = 2 * time.Minute
)

// Server is rowcast serve. It listens on other ports after each start.
type Server struct {
	program        string
	environ        []string
	address, admin atomic.Pointer[string]

	mu sync.Mutex
	// processes are those of all starts.
	processes []*Process
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
	environ := []string{"JWT_SECRET=" + Secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "DATABASE_URL=" + dsn}
	s := &Server{program: path, environ: append(environ, settings...)}
	// Once, so that it outlives the clients that the test starts later.
	t.Cleanup(func() {
		for _, p := range s.processes {
			p.end(t)
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
	p := begin(t, s.environ, s.program, "serve")
	s.processes = append(s.processes, p)
	found := p.Says(t, &p.Err, `"msg":"serving","ws":"ws://([^/"]+)/ws","admin":"([^"]+)"`)
	s.address.Store(&found[1])
	s.admin.Store(&found[2])
}

// Address is where clients connect to, as host and port.
func (s *Server) Address() string { return *s.address.Load() }

// Process is the one that was started last.
func (s *Server) Process() *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.processes[len(s.processes)-1]
}

// Kill ends the process with -9 and waits until it is gone.
func (s *Server) Kill() { s.Process().Kill() }

// Signal sends a signal to the process; the channel is closed at its end.
func (s *Server) Signal(t testing.TB, signal syscall.Signal) (exited <-chan struct{}) {
	t.Helper()
	return s.Process().Signal(t, signal)
}

// PID is that of the process, also after its end.
func (s *Server) PID() int { return s.Process().cmd.Process.Pid }

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
