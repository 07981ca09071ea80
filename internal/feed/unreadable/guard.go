package unreadable

import (
	"fmt"
	"runtime"
	"strings"

	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
)

// Encoder makes the frame of an event.
type Encoder interface {
	AppendEvent(dst []byte, e *feed.Event) []byte
}

// Events appends the events of a change as toEvents makes them. If it panics, that
// is one event without the row.
func (l *Log) Events(dst []feed.Event, c *feed.Change, toEvents func([]feed.Event, *feed.Change) []feed.Event) (events []feed.Event) {
	defer func() {
		if p := recover(); p != nil {
			e := c.Without(&feed.Unreadable{Reason: feed.Mapping, Detail: detail(p)})
			l.Report(&e)
			events = append(dst, e)
		}
	}()
	failpoint.Break(string(feed.Mapping), c.After)
	events = toEvents(dst, c)
	if len(events) > len(dst) && events[len(dst)].Unreadable != nil {
		l.Report(&events[len(dst)])
	}
	return events
}

// Frame appends the frame of an event. If its encoder panics, that is the frame of
// the event without the row.
func (l *Log) Frame(dst []byte, e *feed.Event, encoder Encoder) (frame []byte) {
	defer func() {
		if p := recover(); p != nil {
			frame = l.substitute(dst, e, encoder, detail(p))
		}
	}()
	failpoint.Break(string(feed.Encoding), e.Data)
	return encoder.AppendEvent(dst, e)
}

func (l *Log) substitute(dst []byte, e *feed.Event, encoder Encoder, why string) (frame []byte) {
	without := e.Without(&feed.Unreadable{Reason: feed.Encoding, Detail: why})
	l.Report(&without)
	defer func() {
		if recover() != nil {
			frame = dst
		}
	}()
	return encoder.AppendEvent(dst, &without)
}

// detail says where a panic came from. Its value is left out unless it is an error
// of the runtime: it may hold a part of the row.
func detail(p any) string {
	what := "a panic"
	if err, ok := p.(runtime.Error); ok {
		what = "a panic, " + err.Error()
	}
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s in %s, line %d", what, f.Function, f.Line)
		}
		if !more {
			return what
		}
	}
}
