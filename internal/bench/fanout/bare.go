package fanout

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"rowcast/internal/bench/child"
	"rowcast/internal/bench/load"
)

// Bare is the service that writes to its connections, and does nothing else.
type Bare struct {
	mu    sync.Mutex
	conns []net.Conn
	files []int
}

// Listen accepts a number of connections, on an address that it answers.
func (b *Bare) Listen(connections int, address *string) error {
	if err := load.NeedFiles(connections); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for bare connections: %w", err)
	}
	*address = listener.Addr().String()
	b.mu.Lock() // until all are there, so that Write waits for them
	go func() {
		defer b.mu.Unlock()
		defer func() { _ = listener.Close() }()
		for range connections {
			conn, err := listener.Accept()
			if err != nil {
				return // Write finds too few
			}
			raw, err := conn.(*net.TCPConn).SyscallConn()
			if err != nil || raw.Control(func(fd uintptr) { b.files = append(b.files, int(fd)) }) != nil {
				return
			}
			b.conns = append(b.conns, conn)
		}
	}()
	return nil
}

// WriteArgs says what to write: frames of so many bytes.
type WriteArgs struct {
	Bytes   int
	Changes Changes
}

// Write writes frames that count as events, one write(2) for each connection
// and change.
func (b *Bare) Write(args WriteArgs, late *time.Duration) (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	frame := load.EventFrame(args.Bytes)
	*late, err = args.Changes.Each(context.Background(), func(count int64) error {
		for range count {
			for i := range b.conns {
				if err := b.write(i, frame); err != nil {
					return fmt.Errorf("write to a bare connection: %w", err)
				}
			}
		}
		return nil
	})
	return err
}

// write is one write(2), unless the connection is full.
func (b *Bare) write(i int, frame []byte) error {
	n, err := syscall.Write(b.files[i], frame)
	switch {
	case err == nil && n == len(frame):
		return nil
	case err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR):
		return err
	}
	_, err = b.conns[i].Write(frame[max(n, 0):])
	return err
}

// Close ends the connections.
func (b *Bare) Close(child.Nothing, *child.Nothing) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range b.conns {
		_ = conn.Close() // the peer may have been faster
	}
	b.conns, b.files = nil, nil
	return nil
}
