package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestWrongFlags: each has a clear error.
func TestWrongFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--port 3000":           "unknown flag: --port",
		"--ping-interval often": "invalid argument",
		"--ping-interval 0s":    "--ping-interval is 0s",
		"--max-payload -1":      "--max-payload is -1",
		"serve":                 `unexpected argument "serve"`,
	} {
		var stderr bytes.Buffer
		if status := run(t.Context(), strings.Fields(args), io.Discard, &stderr); status != misuse || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: status %d, %s", args, status, stderr.String())
		}
	}
	var stderr bytes.Buffer
	if status := run(t.Context(), []string{"--help"}, io.Discard, &stderr); status != 0 || !strings.Contains(stderr.String(), "--recovery") {
		t.Errorf("help: status %d, %s", status, stderr.String())
	}
	if status := run(t.Context(), []string{"--addr", "127.0.0.1:-1"}, io.Discard, &stderr); status != failed || !strings.Contains(stderr.String(), "listen") {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}

// TestRun: it says where it listens, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan int)
	var stderr bytes.Buffer
	go func() { ended <- run(ctx, []string{"--addr", "127.0.0.1:0", "--recovery"}, w, &stderr) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("%q: %v", line, err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+socketPath+polling, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(body); !strings.Contains(text, `"pingInterval":300,"pingTimeout":200,"maxPayload":1000000`) {
		t.Error(text)
	}
	_ = response.Body.Close()
	cancel()
	if status := <-ended; status != 0 {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}
