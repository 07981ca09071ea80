package socket_test

import (
	"testing"

	"rowcast/internal/wire/socket"
)

// TestUnread: what the client has sent, until it is read.
func TestUnread(t *testing.T) {
	t.Parallel()
	client, server := pair(t)
	s := socket.New(server)
	if n := s.Unread(); n != 0 {
		t.Errorf("%d bytes of a client that was silent", n)
	}
	if _, err := client.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	s.AwaitRead()
	if n := s.Unread(); n != 3 {
		t.Errorf("%d bytes are unread, want 3", n)
	}
	if n, err := server.Read(make([]byte, 10)); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if n := s.Unread(); n != 0 {
		t.Errorf("%d bytes are unread after all were read", n)
	}
}

// TestQueuedFallsWhileTheClientReads, although there is no room to write more.
func TestQueuedFallsWhileTheClientReads(t *testing.T) {
	t.Parallel()
	client, server := pair(t)
	s := socket.New(server)
	chunk := make([]byte, 1<<20)
	for n := 1; n > 0; {
		var err error
		if n, err = s.TryWrite(chunk); err != nil {
			t.Fatal(err)
		}
	}
	full := s.Queued()
	if full < 64<<10 {
		t.Fatalf("%d bytes are queued for a client that does not read", full)
	}
	if n, err := client.Read(chunk); n == 0 || err != nil {
		t.Fatal(n, err)
	}
	for s.Queued() >= full { // the kernel opens the window when it sees fit
		if _, err := client.Read(chunk[:64<<10]); err != nil {
			t.Fatal(err)
		}
	}
}
