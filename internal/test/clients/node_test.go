package clients_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rowcast/internal/test/servetest"
)

// node is a client on Node, or on Python. One goroutine uses it.
type node struct {
	in io.WriteCloser
	// lines is what it says; closed at its end.
	lines chan happening
	log   []string
	errs  strings.Builder
}

// happening is something that happens to a client. What the fields mean is up
// to the programs in js.
type happening struct {
	On        string
	Name, ID  string
	Text      string
	Code      int
	Status    int
	Protocol  string
	Recovered bool
	Active    bool
	Final     bool
	Message   message
	Args      []json.RawMessage
	raw       string
}

// message is what the server says in an object.
type message struct {
	Type, Event, TenantID, Cursor, Reason, Code, Request string
	From, Position                                       int64
	OK                                                   bool
	Data                                                 json.RawMessage
}

// packages is the folder of the packages.
func packages(t *testing.T) (dir string) {
	t.Helper()
	dir, err := modules()
	if _, ok := errors.AsType[missing](err); ok && testing.Short() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// start runs a program of js, with additions to the environment.
func start(t *testing.T, program string, environ ...string) *node {
	t.Helper()
	dir := packages(t)
	environ = append([]string{"NODE_PATH=" + dir, "NODE_NO_WARNINGS=1"}, environ...)
	return run(t, environ, "node", filepath.Join("js", program))
}

// run runs a program that talks as those of js do.
func run(t *testing.T, environ []string, program string, args ...string) *node {
	t.Helper()
	n := &node{lines: make(chan happening, 1024)}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), environ...)
	cmd.Stderr = &n.errs
	var err error
	if n.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		n.read(out)
	}()
	t.Cleanup(func() {
		_ = n.in.Close()
		hang := time.AfterFunc(servetest.Timeout, func() { _ = cmd.Process.Kill() })
		for range n.lines { // so that it can write
		}
		<-read
		err := cmd.Wait()
		hang.Stop()
		if err != nil {
			t.Errorf("%s: %v\n%s", args, err, n.errs.String())
		}
		if t.Failed() {
			t.Logf("%s said:\n%s%s", args, strings.Join(n.log, "\n"), n.errs.String())
		}
	})
	return n
}

// read takes lines until the program has ended.
func (n *node) read(out io.Reader) {
	defer close(n.lines)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		h := happening{raw: lines.Text()}
		if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
			h.On, h.Text = "nonsense", err.Error()
		}
		n.lines <- h
	}
}

// do has the client do something.
func (n *node) do(t *testing.T, command string, args ...any) {
	t.Helper()
	line, err := json.Marshal(map[string]any{"command": command, "args": append([]any{}, args...)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(n.in, "%s\n", line); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, n.errs.String())
	}
}

// next is what happens next, before it is time to give up.
func (n *node) next(t *testing.T, giveUp <-chan time.Time) happening {
	t.Helper()
	select {
	case h, ok := <-n.lines:
		if !ok {
			t.Fatal("the client has ended")
		}
		n.log = append(n.log, h.raw[:min(len(h.raw), 400)])
		return h
	case <-giveUp:
		t.Fatalf("it does not happen within %s", servetest.Timeout)
	}
	return happening{}
}

// until waits for something of this kind, and passes over anything else.
func (n *node) until(t *testing.T, on string) happening {
	t.Helper()
	return n.find(t, on, func(h happening) bool { return h.On == on })
}

func (n *node) find(t *testing.T, what string, is func(h happening) bool) happening {
	t.Helper()
	giveUp := time.After(servetest.Timeout)
	for {
		h := n.next(t, giveUp)
		if is(h) {
			return h
		}
		if h.On == "nonsense" {
			t.Fatalf("waiting for %s: %s", what, h.raw)
		}
	}
}
