package fanout

import (
	"context"
	"fmt"
	"net"
	"sync"

	"rowcast/internal/bench/child"
)

// Bare is the service that writes to its connections, and does nothing else.
type Bare struct {
	mu       sync.Mutex
	listener net.Listener
	writers  []writer
}

// Listen accepts a number of connections, on an address that it answers.
func (b *Bare) Listen(connections int, address *string) error {
	if err := NeedFiles(connections); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for bare connections: %w", err)
	}
	b.listener, *address = listener, listener.Addr().String()
	go b.accept(connections)
	return nil
}

// accept holds the lock until all are there, so that Write waits for them.
func (b *Bare) accept(connections int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { _ = b.listener.Close() }()
	for range connections {
		conn, err := b.listener.Accept()
		if err != nil {
			return // Write finds too few
		}
		w, err := newWriter(conn)
		if err != nil {
			return
		}
		b.writers = append(b.writers, w)
	}
}

// WriteArgs says what to write.
type WriteArgs struct {
	// Bytes is the size of a frame.
	Bytes int
	// Sizes are those of the groups that the connections were made in; a
	// change goes to one of them, in turns.
	Sizes []int
	Load  Changes
}

// Write writes frames that count as events, one write(2) for each connection
// and change.
func (b *Bare) Write(args WriteArgs, done *Published) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	frame := frameOf(args.Bytes)
	groups, rest := make([][]writer, len(args.Sizes)), b.writers
	for g, size := range args.Sizes {
		if size > len(rest) {
			return fmt.Errorf("the group %d of bare connections lacks %d", g, size-len(rest))
		}
		groups[g], rest = rest[:size], rest[size:]
	}
	return args.Load.Each(func(first, count int64) error {
		for n := first; n < first+count; n++ {
			for _, w := range groups[n%int64(len(groups))] {
				if err := w.write(frame); err != nil {
					return fmt.Errorf("write to a bare connection: %w", err)
				}
			}
		}
		return nil
	}, done)
}

// Close ends the connections.
func (b *Bare) Close(child.Nothing, *child.Nothing) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.writers {
		_ = w.conn.Close() // the peer may have been faster
	}
	b.writers = nil
	return nil
}

// frameOf is a text frame of about so many bytes in all that counts as an event.
func frameOf(size int) []byte {
	const head = `{"type":"event","event":"bare:write","data":"`
	payload := max(size-4, len(head)+126)
	frame := append([]byte{0x81, 126, byte(payload >> 8), byte(payload)}, head...)
	for len(frame) < payload+4-2 {
		frame = append(frame, 'x')
	}
	return append(frame, `"}`...)
}
