package socket_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"rowcast/internal/wire/socket"
)

// pair is a connection over the loopback.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if client, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return client, server
}

// TestTryWriteNeverWaits: it takes what fits and then nothing, and writing
// works again when there is room.
func TestTryWriteNeverWaits(t *testing.T) {
	t.Parallel()
	client, server := pair(t)
	s := socket.New(server)
	chunk := make([]byte, 1<<20)
	total := 0
	for {
		n, err := s.TryWrite(chunk)
		if err != nil {
			t.Fatal(err)
		}
		total += n
		if n == 0 {
			break
		}
	}
	if total == 0 {
		t.Fatal("nothing fits")
	}
	read := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, client)
		read <- n
	}()
	_ = s.SetWriteDeadline(time.Now().Add(2 * time.Minute))
	n, err := s.Write(chunk) // waits
	if n != len(chunk) || err != nil {
		t.Fatal(n, err)
	}
	s.Hangup(true)
	if got := <-read; got != int64(total+n) {
		t.Errorf("%d bytes arrived, want %d", got, total+n)
	}
	s.ReadDone()
	if _, err := s.TryWrite(chunk); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write to a closed connection: %v", err)
	}
}

// TestTryWriteToBrokenConnection fails, and does not end the process.
func TestTryWriteToBrokenConnection(t *testing.T) {
	t.Parallel()
	client, server := pair(t)
	s := socket.New(server)
	_ = client.(*net.TCPConn).SetLinger(0)
	_ = client.Close()
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		if _, err := s.TryWrite([]byte("x")); err != nil {
			return
		}
	}
	t.Error("no error")
}

// TestAwaitRead: it returns when there is something to read, and leaves it
// there, or when there will be nothing any more.
func TestAwaitRead(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]func(client net.Conn, s *socket.Socket) error{
		"bytes":    func(client net.Conn, _ *socket.Socket) error { _, err := client.Write([]byte("x")); return err },
		"end":      func(client net.Conn, _ *socket.Socket) error { return client.Close() },
		"closed":   func(_ net.Conn, s *socket.Socket) error { return s.Close() },
		"deadline": func(_ net.Conn, s *socket.Socket) error { return s.SetReadDeadline(time.Now()) },
	} {
		for _, before := range []bool{true, false} {
			client, server := pair(t)
			s := socket.New(server)
			awaited := make(chan struct{})
			await := func() {
				s.AwaitRead()
				close(awaited)
			}
			if !before {
				go await()
			}
			if err := event(client, s); err != nil {
				t.Fatal(err)
			}
			if before {
				go await()
			}
			<-awaited
			b := make([]byte, 2)
			n, err := s.Read(b)
			if got := string(b[:n]); (got == "x") != (name == "bytes") || (err == nil) != (name == "bytes") {
				t.Errorf("%s: read %q, %v", name, got, err)
			}
		}
	}
}

func TestHangup(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(client net.Conn, s *socket.Socket){
		"given up": func(_ net.Conn, s *socket.Socket) { s.Hangup(false) },
		"reader first": func(_ net.Conn, s *socket.Socket) {
			s.ReadDone()
			s.Hangup(true)
		},
		"reader last": func(client net.Conn, s *socket.Socket) {
			s.Hangup(true)
			_ = client.Close()
			if _, err := io.Copy(io.Discard, s); err != nil {
				t.Error(err)
			}
			s.ReadDone()
		},
		"client stays": func(_ net.Conn, s *socket.Socket) {
			s.Hangup(true)
			if _, err := io.Copy(io.Discard, s); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			s.ReadDone()
		},
	} {
		client, server := pair(t)
		test(client, socket.New(server))
		if _, err := server.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: the connection is open: %v", name, err)
		}
	}
}

// TestPipeHasNoTryWrite: it takes nothing at once, so that the hub waits.
func TestPipeHasNoTryWrite(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	s := socket.New(server)
	if n, err := s.TryWrite([]byte("x")); n != 0 || err != nil {
		t.Error(n, err)
	}
	s.Hangup(false)
	s.ReadDone()
}
