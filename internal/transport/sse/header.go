package sse

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"time"

	"rowcast/internal/transport"
)

// headerTimeout is how long a client has to take the head of the answer.
const headerTimeout = 10 * time.Second

// takeOver takes the connection of a request from the server, through any
// middleware. What the client sent after the request is thrown away.
func takeOver(w http.ResponseWriter, r *http.Request) (net.Conn, *transport.Problem) {
	if r.ProtoMajor != 1 {
		return nil, &transport.Problem{
			Status: http.StatusHTTPVersionNotSupported, Code: transport.BadRequest, About: "version",
			Detail: "event streams are served over HTTP/1.1; have the client or the proxy in front speak it",
		}
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, &transport.Problem{
			Status: http.StatusNotImplemented, Code: transport.Unavailable, About: "version",
			Detail: "event streams cannot be served over this connection",
		}
	}
	return conn, nil
}

// begin writes the head of the answer, with the headers that are there already,
// and the first field of the stream. The end of the connection ends the body.
func begin(conn net.Conn, header http.Header) error {
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("Connection", "close")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	header.Set("X-Accel-Buffering", "no") // nginx would hold events back
	header.Set("X-Content-Type-Options", "nosniff")
	var start bytes.Buffer
	start.WriteString("HTTP/1.1 200 OK\r\n")
	_ = header.Write(&start) // a buffer takes everything
	start.WriteString("\r\n")
	b := append(appendRetry(start.Bytes(), retry), "\n\n"...)
	if err := conn.SetWriteDeadline(time.Now().Add(headerTimeout)); err != nil {
		return fmt.Errorf("begin an event stream: %w", err)
	}
	if _, err := conn.Write(b); err != nil {
		return fmt.Errorf("begin an event stream: %w", err)
	}
	return conn.SetWriteDeadline(time.Time{})
}
