package encode

import (
	"strconv"
	"time"
	"unicode/utf8"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/signal"
)

// TimeFormat is the form of the time in "at": UTC, microseconds.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// Stale is the code of an error message that no session ends with.
const Stale errcode.Code = "stale"

// AppendEvent appends the message of an event.
func AppendEvent(b []byte, e *feed.Event) []byte {
	b = append(b, `{"type":"event","event":`...)
	b = AppendString(b, e.Name)
	b = append(b, ',')
	b = appendPosition(b, e)
	b = append(b, `,"data":`...)
	b = AppendData(b, e)
	b = appendOrigin(b, e)
	return append(b, '}')
}

// Message encodes events as their messages alone.
type Message struct{}

// AppendEvent is the function of that name.
func (Message) AppendEvent(b []byte, e *feed.Event) []byte { return AppendEvent(b, e) }

// AppendMeta appends what the message of an event says beside its name and its
// data.
func AppendMeta(b []byte, e *feed.Event) []byte {
	b = appendPosition(append(b, '{'), e)
	return append(appendOrigin(b, e), '}')
}

// AppendData appends the data of an event, a JSON object.
func AppendData(b []byte, e *feed.Event) []byte { return appendRaw(b, e.Data) }

// appendPosition appends where and when an event is.
func appendPosition(b []byte, e *feed.Event) []byte {
	b = append(b, `"tenantId":`...)
	b = AppendString(b, e.Tenant)
	if e.From > 0 {
		b = append(b, `,"from":`...)
		b = strconv.AppendInt(b, e.From, 10)
	}
	b = append(b, `,"position":`...)
	b = strconv.AppendInt(b, e.Position, 10)
	b = appendCursor(b, e.Cursor)
	b = append(b, `,"at":"`...)
	b = e.At.UTC().AppendFormat(b, TimeFormat)
	return append(b, '"')
}

// appendOrigin appends what an event came from, and why it has no row.
func appendOrigin(b []byte, e *feed.Event) []byte {
	if e.Unreadable != nil {
		b = append(b, `,"unreadable":true,"reason":`...)
		b = AppendString(b, string(e.Unreadable.Reason))
	}
	if e.Changed != nil || e.Previous != nil {
		b = append(b, `,"changed":[`...)
		for i, column := range e.Changed {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, column)
		}
		b = append(b, `],"previous":`...)
		b = appendRaw(b, e.Previous)
	}
	if e.Match != "" {
		b = AppendString(append(b, `,"match":`...), e.Match)
	}
	if e.Source.Table != "" {
		b = append(b, `,"source":{"table":`...)
		b = AppendString(b, e.Source.Table)
		b = append(b, `,"op":`...)
		b = AppendString(b, e.Source.Op)
		b = append(b, `,"tx":`...)
		b = AppendString(b, e.Source.Tx)
		b = append(b, `,"writer":`...)
		b = AppendString(b, e.Source.Writer)
		b = append(b, '}')
	}
	return b
}

// AppendSignal appends the message of a signal.
func AppendSignal(b []byte, s *signal.Signal) []byte {
	switch s.Kind {
	case signal.Ping:
		return append(b, `{"type":"ping"}`...)
	case signal.Expiring:
		return append(b, `{"type":"token-expiring"}`...)
	case signal.Stale:
		return AppendError(b, Stale, "events are late; they follow when the server can read the database again", "", "")
	case signal.Left:
		b = append(b, `{"type":"left","tenantId":`...)
		return append(AppendString(b, s.Tenant), '}')
	case signal.Joined:
		b = append(b, `{"type":"joined","tenantId":`...)
	case signal.Progress:
		b = append(b, `{"type":"progress","tenantId":`...)
	case signal.Reset:
		b = append(b, `{"type":"reset","tenantId":`...)
	default:
		return b
	}
	b = appendCursor(AppendString(b, s.Tenant), s.Cursor)
	b = append(b, `,"position":`...)
	b = strconv.AppendInt(b, s.Cursor.Position, 10)
	if s.Kind == signal.Reset {
		b = append(b, `,"reason":`...)
		b = AppendString(b, s.Reason)
		if s.RetryAfter > 0 {
			b = append(b, `,"retryAfter":`...)
			b = strconv.AppendInt(b, s.RetryAfter.Milliseconds(), 10)
		}
	}
	return append(AppendNote(b, s.Note), '}')
}

// AppendNote appends what a client that has joined receives beside its cursor.
func AppendNote(b []byte, n *signal.Note) []byte {
	if n == nil {
		return b
	}
	for i, pattern := range n.Events {
		if i == 0 {
			b = append(b, `,"events":[`...)
		} else {
			b = append(b, ',')
		}
		b = AppendString(b, pattern)
	}
	if len(n.Events) > 0 {
		b = append(b, ']')
	}
	if n.Holes {
		b = append(b, `,"holes":true`...)
	}
	if n.Hint != "" {
		b = AppendString(append(b, `,"hint":`...), n.Hint)
	}
	return b
}

// AppendWelcome appends the first message.
func AppendWelcome(b []byte, interval, timeout time.Duration) []byte {
	b = append(b, `{"type":"welcome","protocol":1,"pingInterval":`...)
	b = strconv.AppendInt(b, interval.Milliseconds(), 10)
	b = append(b, `,"pingTimeout":`...)
	b = strconv.AppendInt(b, timeout.Milliseconds(), 10)
	return append(b, '}')
}

// AppendPong appends the answer to a ping.
func AppendPong(b []byte) []byte { return append(b, `{"type":"pong"}`...) }

// AppendError appends the message of a refusal, with its code and text, of a request, ""
// if it could not be read, that concerned a tenant or none. Both are repeated whole: by them
// the client knows which of its requests was refused. What a message may have
// bounds them.
func AppendError(b []byte, code errcode.Code, text, request, tenant string) []byte {
	b = append(b, `{"type":"error","code":`...)
	b = AppendString(b, string(code))
	b = append(b, `,"message":`...)
	b = AppendString(b, text)
	if request != "" {
		b = append(b, `,"request":`...)
		b = AppendString(b, request)
	}
	if tenant != "" {
		b = append(b, `,"tenantId":`...)
		b = AppendString(b, tenant)
	}
	return append(b, '}')
}

func appendCursor(b []byte, c feed.Cursor) []byte {
	b = append(b, `,"cursor":"`...)
	b = c.AppendText(b) // the name of a feed needs no escapes
	return append(b, '"')
}

func appendRaw(b, raw []byte) []byte {
	if len(raw) == 0 {
		return append(b, "{}"...)
	}
	return append(b, raw...)
}

// AppendString appends s as a JSON string. Bytes that are no UTF-8 become
// U+FFFD.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), `\ufffd`...)
				start = i + 1
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[start:i]...)
			if c < ' ' {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				b = append(b, '\\', c)
			}
			start = i + 1
		}
		i++
	}
	return append(append(b, s[start:]...), '"')
}
