//go:build unix

package fanout

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// writer writes to one connection.
type writer struct {
	conn net.Conn
	fd   int
}

func newWriter(conn net.Conn) (writer, error) {
	w := writer{conn: conn}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return w, fmt.Errorf("a connection of type %T has no descriptor", conn)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return w, err
	}
	return w, raw.Control(func(fd uintptr) { w.fd = int(fd) })
}

// write is one write(2), unless the connection is full.
func (w writer) write(b []byte) error {
	n, err := syscall.Write(w.fd, b)
	switch {
	case err == nil && n == len(b):
		return nil
	case err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR):
		return err
	}
	_, err = w.conn.Write(b[max(n, 0):])
	return err
}
