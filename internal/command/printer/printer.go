// Package printer writes events for people and for programs.
//
// # Overview
//
// A [Printer] takes changes and writes their events, a line each. [Printer.CatchUp]
// writes the history of a tenant.
//
// # Guarantees
//
//   - What others have written can neither control a terminal nor break a line (rowcast:
//     TestVisible, TestTailFromAPositionInHistory).
//   - One that cannot be read is a line as well (conform: TestUnreadable).
//   - A change that was written is not written again (rowcast:
//     TestTailFromAPositionInHistory).
//
// # Failures
//
// Those of the writer and of the history.
package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"rowcast/internal/changelog"
	"rowcast/internal/command/claimed"
	"rowcast/internal/feed"
	"rowcast/internal/feed/unreadable"
	"rowcast/internal/mapping"
	"rowcast/internal/transport/encode"
)

// ErrEnough ends a printer that has written as much as was asked for.
var ErrEnough = errors.New("enough")

// Printer writes events. W is required.
type Printer struct {
	W io.Writer
	// JSON writes the objects of the WebSocket, else lines for people.
	JSON   bool
	Filter mapping.Filter
	// Tenants are those that are wanted; all if it is empty.
	Tenants []string
	// Count is how many events are wanted, 0 for all.
	Count int
	// Unreadable receives the changes that are written without their rows. Nil: nobody
	// is.
	Unreadable *unreadable.Log
	// Eyes see the events for somebody; nil sees everything.
	Eyes *claimed.Eyes
	// Cursor is after the newest event that was written.
	Cursor feed.Cursor

	// printed is the newest position of each tenant.
	printed map[string]int64
	walk    feed.Walk
	seen    []*feed.Event
	count   int
	buf     []byte
}

// pageSize is how many changes are read at once.
const pageSize = 500

// CatchUp writes the history of a tenant, up to its end, after what changelog.History.Locate
// takes.
func (p *Printer) CatchUp(ctx context.Context, history *changelog.History, tenant, after string) error {
	cursor, err := history.Locate(ctx, tenant, after)
	if err != nil {
		return fmt.Errorf("begin after %q: %w", after, err)
	}
	for p.Cursor = cursor; ; {
		page, err := history.After(ctx, tenant, cursor, pageSize)
		if err != nil {
			return fmt.Errorf("read the history of %s from %s: %w", tenant, cursor, err)
		}
		if err := p.Eyes.Take(ctx, page.Rules); err != nil {
			return err //nolint:wrapcheck // it says what was being done
		}
		if len(page.Changes) > 0 {
			p.walk.At = cursor
		}
		if err := p.Print(page.Changes); err != nil {
			return err
		}
		if !page.More || len(page.Changes) == 0 {
			return nil
		}
		last := page.Changes[len(page.Changes)-1]
		cursor = feed.Cursor{Epoch: last.Epoch, Position: last.Position, Nonce: last.Nonce}
	}
}

// wants says whether changes of the tenant are written.
func (p *Printer) wants(tenant string) bool {
	return len(p.Tenants) == 0 || slices.Contains(p.Tenants, tenant)
}

// Print writes the events of changes that are wanted. It returns ErrEnough when
// Count were written.
func (p *Printer) Print(changes []feed.Change) error {
	if p.printed == nil {
		p.printed = map[string]int64{}
		p.walk.Events = p.Eyes.Events(p.Unreadable)
	}
	for i := range changes {
		c := &changes[i]
		if !p.wants(c.Tenant) || c.Position <= p.printed[c.Tenant] {
			continue
		}
		p.printed[c.Tenant] = c.Position
		var err error
		if p.seen, err = p.Eyes.See(p.seen[:0], p.walk.Next(c), c.Tenant); err != nil {
			return err //nolint:wrapcheck // it names the claims
		}
		for _, e := range p.seen {
			if !p.Filter.Match(e.Name) {
				continue
			}
			if err := p.write(e); err != nil {
				return err
			}
			p.count++
			p.Cursor = e.Cursor
			if p.Count > 0 && p.count >= p.Count {
				return ErrEnough
			}
		}
	}
	return nil
}

func (p *Printer) write(e *feed.Event) error {
	if p.JSON {
		p.buf = append(oneLine(p.Unreadable.Frame(p.buf[:0], e, encode.Message{})), '\n')
		_, err := p.W.Write(p.buf)
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
	_, err := fmt.Fprintln(p.W, Visible(line))
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

// Visible keeps what others have written from controlling the terminal or
// turning the order of its text around.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\ufffd'
		}
		return r
	}, s)
}
