//go:build !unix

package fanout

import "net"

// writer writes to one connection.
type writer struct{ conn net.Conn }

func newWriter(conn net.Conn) (writer, error) { return writer{conn}, nil }

func (w writer) write(b []byte) error {
	_, err := w.conn.Write(b)
	return err
}
