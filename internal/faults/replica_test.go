package faults_test

import (
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

// replica is a server that can be killed and started again, each time on
// ports that are free.
type replica struct {
	program  string
	environ  []string
	url      atomic.Pointer[string] // of the WebSocket
	admin    atomic.Pointer[string]
	mu       sync.Mutex
	process  *exec.Cmd
	exited   chan struct{}
	output   *transcript
	attempts int
}

// serve starts a replica on the database of the site. Settings override those
// before them.
func (s *site) serve(t *testing.T, settings ...string) *replica {
	t.Helper()
	return s.serveProgram(t, program(t, ""), settings...)
}

// serveProgram is serve with a program of its own.
func (s *site) serveProgram(t *testing.T, path string, settings ...string) *replica {
	t.Helper()
	r := &replica{program: path, output: new(transcript)}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		r.environ = append(r.environ, name+"="+os.Getenv(name))
	}
	r.environ = append(r.environ, "JWT_SECRET="+secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0", "DATABASE_URL="+s.dsn)
	r.environ = append(r.environ, settings...)
	t.Cleanup(func() {
		r.kill()
		if text := r.output.String(); strings.Contains(text, "DATA RACE") {
			t.Errorf("a replica has a data race:\n%s", text)
		} else if t.Failed() {
			t.Logf("a replica wrote at the end:\n%s", text[max(0, len(text)-6000):])
		}
	})
	r.start(t)
	return r
}

// start starts the process and returns when it listens.
func (r *replica) start(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	from := len(r.output.String())
	cmd := exec.Command(r.program, "serve") //nolint:gosec // built by this test
	cmd.Env, cmd.Stdout, cmd.Stderr = r.environ, r.output, r.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	r.process, r.exited = cmd, exited
	r.attempts++
	said := regexp.MustCompile(`"msg":"serving","ws":"([^"]+)","admin":"([^"]+)"`)
	var found []string
	eventually(t, "replica", patience, func() bool {
		select {
		case <-exited:
			t.Fatalf("the replica ended:\n%s", r.output)
		default:
		}
		found = said.FindStringSubmatch(r.output.String()[from:])
		return found != nil
	})
	r.url.Store(&found[1])
	r.admin.Store(&found[2])
}

// kill ends the process with -9 and waits until it is gone.
func (r *replica) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process != nil {
		_ = r.process.Process.Kill()
		<-r.exited
	}
}

// signal sends a signal to the process; the channel is closed at its end.
func (r *replica) signal(t *testing.T, signal syscall.Signal) (exited <-chan struct{}) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.process.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	return r.exited
}

// get asks the listener of operators. The status is 0 if nobody answers.
func (r *replica) get(path string) (status int, body string) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(*r.admin.Load() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// ready waits until /readyz has a status and says how long it took.
func (r *replica) ready(t *testing.T, status int, limit time.Duration) (body string, took time.Duration) {
	t.Helper()
	took = eventually(t, http.StatusText(status)+" from /readyz", limit, func() bool {
		var code int
		code, body = r.get("/readyz")
		return code == status
	})
	return body, took
}

// transcript keeps what a process writes.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
