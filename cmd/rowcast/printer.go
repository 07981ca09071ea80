package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
	"rowcast/internal/transport"
)

// printer writes events for people or programs.
type printer struct {
	w      io.Writer
	o      tailOptions
	filter mapping.Filter
	// printed is the newest position of each tenant.
	printed map[string]int64
	// skip is how many events of the next change were delivered before.
	skip   int
	count  int
	events []feed.Event
	buf    []byte
}

func (p *printer) print(changes []feed.Change) error {
	for i := range changes {
		c := &changes[i]
		if !p.o.wants(c.Tenant) || c.Position <= p.printed[c.Tenant] {
			continue
		}
		p.printed[c.Tenant] = c.Position
		p.events = mapping.Append(p.events[:0], c)
		first := min(p.skip, len(p.events))
		p.skip = 0
		for j := range p.events[first:] {
			e := &p.events[first+j]
			if !p.filter.Match(e.Name) {
				continue
			}
			if err := p.write(e); err != nil {
				return err
			}
			p.count++
			if p.o.count > 0 && p.count >= p.o.count {
				return errEnough
			}
		}
	}
	return nil
}

func (p *printer) write(e *feed.Event) error {
	if p.o.format == "json" {
		p.buf = append(oneLine(transport.AppendEvent(p.buf[:0], e)), '\n')
		_, err := p.w.Write(p.buf)
		return err
	}
	position := fmt.Sprint(e.Position)
	if e.From > 0 {
		position = fmt.Sprintf("%d-%d", e.From, e.Position)
	}
	var changed string
	if len(e.Changed) > 0 {
		changed = fmt.Sprintf(" changed=%s previous=%s", strings.Join(e.Changed, ","), e.Previous)
	}
	line := fmt.Sprintf("%s %s #%s %s%s by=%s %s", e.At.Local().Format("15:04:05.000"), e.Tenant, position, e.Name,
		changed, e.Source.Writer, e.Data)
	_, err := fmt.Fprintln(p.w, visible(line))
	return err
}

// oneLine replaces the line breaks that a json column may hold between its
// values; inside a JSON string there are none.
func oneLine(b []byte) []byte {
	for i, c := range b {
		if c == '\n' || c == '\r' {
			b[i] = ' '
		}
	}
	return b
}

// visible keeps what others have written from controlling the terminal or
// turning the order of its text around.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\ufffd'
		}
		return r
	}, s)
}
