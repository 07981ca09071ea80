package sse

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
)

// Encoder encodes for the hub. It is a signal.Encoder.
type Encoder struct{}

var _ signal.Encoder = Encoder{}

// Name implements signal.Encoder.
func (Encoder) Name() string { return "sse" }

// AppendEvent appends an event.
func (Encoder) AppendEvent(b []byte, e *feed.Event) []byte {
	b, start := open(appendID(b, e.Cursor), e.Name)
	return seal(encode.AppendEvent(b, e), start)
}

// AppendSignal appends a signal as an event of the name of its type. One that
// says where the stream is has an id, so that the client can continue from
// there even if no event ever comes.
func (Encoder) AppendSignal(b []byte, s *signal.Signal) []byte {
	switch s.Kind {
	case signal.Ping:
		return append(b, ": ping\n\n"...)
	case signal.Expiring:
		return appendSignal(b, "token-expiring", s)
	case signal.Stale:
		return appendSignal(b, "stale", s)
	case signal.Joined:
		return appendSignal(appendID(b, s.Cursor), "joined", s)
	case signal.Progress:
		return appendSignal(appendID(b, s.Cursor), "progress", s)
	case signal.Reset:
		return appendSignal(appendID(b, s.Cursor), "reset", s)
	case signal.Left: // a stream has one tenant as long as it lives
	}
	return b
}

// AppendClose appends the event "closed": EventSource has "error" for itself. A
// detail retry=…ms becomes the time after which the client comes back.
func (Encoder) AppendClose(b []byte, code errcode.Code, detail string) []byte {
	if code == signal.Gone {
		return b
	}
	if text, ok := strings.CutPrefix(detail, "retry="); ok {
		if retry, err := time.ParseDuration(text); err == nil {
			b = append(appendRetry(b, retry), '\n')
		}
	}
	c := transport.CloseOf(code)
	b, start := open(b, "closed")
	b = append(b, `{"type":"closed","code":`...)
	b = strconv.AppendInt(b, int64(c.Number), 10)
	b = append(b, `,"reason":`...)
	return seal(append(encode.AppendString(b, string(code)), '}'), start)
}

func appendSignal(b []byte, name string, s *signal.Signal) []byte {
	b, start := open(b, name)
	return seal(encode.AppendSignal(b, s), start)
}

// appendRetry says after how long a client that lost its connection comes back.
func appendRetry(b []byte, d time.Duration) []byte {
	b = append(b, "retry: "...)
	return strconv.AppendInt(b, d.Milliseconds(), 10)
}

// appendID says which cursor to come back with.
func appendID(b []byte, c feed.Cursor) []byte {
	return append(c.AppendText(append(b, "id: "...)), '\n')
}

// open begins an event. Its data follows, from start on.
func open(b []byte, name string) (_ []byte, start int) {
	start = len(b) + len("event: ")
	b = append(append(b, "event: "...), name...)
	flatten(b[start:])
	b = append(b, "\ndata: "...)
	return b, len(b)
}

// seal ends an event.
func seal(b []byte, start int) []byte {
	flatten(b[start:])
	return append(b, "\n\n"...)
}

// flatten replaces line breaks, which end a field, by blanks. JSON has none
// but between its tokens, where a column of type json keeps them.
func flatten(b []byte) {
	for _, c := range [...]byte{'\n', '\r'} {
		for rest := b; ; {
			i := bytes.IndexByte(rest, c)
			if i < 0 {
				break
			}
			rest[i] = ' '
			rest = rest[i+1:]
		}
	}
}
