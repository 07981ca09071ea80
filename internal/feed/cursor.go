package feed

import (
	"errors"
	"strconv"
	"strings"
)

// Why a client cannot continue from its cursor. The text of each is the reason
// on the wire.
var (
	// ErrExpired: the cursor is older than the retention floor.
	ErrExpired = errors.New("expired")
	// ErrDiverged: the cursor belongs to a history that no longer exists.
	ErrDiverged = errors.New("diverged")
	// ErrInvalid: the text is no cursor.
	ErrInvalid = errors.New("invalid")
)

// maxCursor is the longest cursor text that ParseCursor looks at, in bytes.
const maxCursor = 128

// Cursor points between two events of one tenant. Clients treat its text as
// opaque.
type Cursor struct {
	// Epoch names the history.
	Epoch string
	// Position is the newest position of which every event was delivered.
	Position int64
	// Nonce is the random number of the seal that gave Position; 0 at position 0. If
	// Delivered is set, it is that of the seal that gave the change into which the
	// cursor points.
	Nonce int64
	// Delivered counts the events of the change after Position that were
	// delivered as well: 0 unless the cursor points into a change.
	Delivered int
}

// String is the text of the cursor: epoch.position.nonce, then ".n" for n delivered
// events.
func (c Cursor) String() string {
	return string(c.AppendText(make([]byte, 0, 64)))
}

// AppendText appends the text of the cursor to b.
func (c Cursor) AppendText(b []byte) []byte {
	b = append(b, c.Epoch...)
	b = append(b, '.')
	b = strconv.AppendInt(b, c.Position, 10)
	b = append(b, '.')
	b = strconv.AppendInt(b, c.Nonce, 36)
	if c.Delivered > 0 {
		b = append(b, '.')
		b = strconv.AppendInt(b, int64(c.Delivered), 10)
	}
	return b
}

// anyView ends a cursor that says nothing of a view: rowcast.cursor has it so.
const anyView = "~any"

// ParseCursor reads the text of a cursor. The only error is ErrInvalid. The ".s" that
// earlier versions wrote after the dashboard event means nothing any more.
func ParseCursor(text string) (Cursor, error) {
	if len(text) > maxCursor {
		return Cursor{}, ErrInvalid
	}
	text = strings.TrimSuffix(text, anyView)
	parts := strings.Split(text, ".")
	if len(parts) == 4 && parts[3] == "s" {
		text, parts = strings.TrimSuffix(text, ".s"), parts[:3]
	}
	if len(parts) < 3 || len(parts) > 4 || parts[0] == "" {
		return Cursor{}, ErrInvalid
	}
	c := Cursor{Epoch: parts[0]}
	var err error
	if c.Position, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return Cursor{}, ErrInvalid
	}
	if c.Nonce, err = strconv.ParseInt(parts[2], 36, 64); err != nil {
		return Cursor{}, ErrInvalid
	}
	if len(parts) == 4 {
		if c.Delivered, err = strconv.Atoi(parts[3]); err != nil || c.Delivered < 1 {
			return Cursor{}, ErrInvalid
		}
	}
	if c.Position < 0 || c.Nonce < 0 || c.String() != text {
		return Cursor{}, ErrInvalid
	}
	return c, nil
}
