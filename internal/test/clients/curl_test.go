package clients_test

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"

	"rowcast/internal/test/servetest"
)

// TestCurl reads the stream of a tenant with curl, and its history.
func TestCurl(t *testing.T) {
	t.Parallel()
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl on this machine")
	}
	s := servetest.NewTenant(t)
	server := servetest.Start(t, s.DSN)
	bearer := "Authorization: Bearer " + servetest.Token(t, s.ID)
	ctx, cancel := context.WithCancel(t.Context())
	stream := exec.CommandContext(ctx, curl, "--silent", "--no-buffer", "--header", bearer, events(s, server.Address(), "events", "order:*"))
	out, err := stream.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = stream.Wait() // it was killed
	})
	lines := bufio.NewScanner(out)
	until := func(start string) string {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), start) {
				return lines.Text()
			}
		}
		t.Fatalf("the stream ended before a line with %q: %v", start, lines.Err())
		return ""
	}
	until("event: joined")
	s.Exec(t, insertOrder)
	until("event: order:created")
	if data := until("data: "); !strings.Contains(data, `"position":1,`) {
		t.Error(data)
	}
	page, err := exec.CommandContext(t.Context(), curl, "--silent", "--fail", "--header", bearer,
		"http://"+server.Address()+"/history?tenant="+s.ID).Output()
	if err != nil || !strings.Contains(string(page), `"event":"order:created"`) || !strings.Contains(string(page), `"more":false`) {
		t.Errorf("%s: %v", page, err)
	}
}
