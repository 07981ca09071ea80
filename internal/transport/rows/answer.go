package rows

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/feed/row"
	"rowcast/internal/hub/signal"
	"rowcast/internal/snapshot"
	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/view"
)

const (
	// piece is how much is written at once.
	piece = 32 << 10
	// fields is how many columns a row may have before it costs an allocation.
	fields = 64
)

// errTooLarge: the answer has as many bytes as it may.
var errTooLarge = errors.New("there are more bytes than an answer may have")

// errGone: the client does not take the answer.
var errGone = errors.New("the client has gone")

// ended is why an answer ends early, with the code for the client.
type ended struct {
	code errcode.Code
	text string
}

func (e ended) Error() string { return e.text }

// answer is one that is being written.
type answer struct {
	h    *Handler
	w    http.ResponseWriter
	out  *http.ResponseController
	q    *request
	shot *snapshot.Snapshot
	buf  []byte
	// sent and rows are what was written, read is what came of the database, in bytes.
	sent, rows, read int
	// whole says that nothing is withheld of any row.
	whole  bool
	change feed.Change
	events []feed.Event
	seen   view.Change
	fields [fields]row.Field
}

// answer writes the lines.
func (h *Handler) answer(ctx context.Context, w http.ResponseWriter, q *request, shot *snapshot.Snapshot) {
	header := w.Header()
	header.Set("Content-Type", "application/x-ndjson")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no")
	a := &answer{h: h, w: w, out: http.NewResponseController(w), q: q, shot: shot, buf: make([]byte, 0, piece+4096)}
	a.whole = q.want.View == nil && shot.Audience.Column == ""
	a.change = feed.Change{Op: feed.Insert, Name: shot.Stem, Table: shot.Name, Relation: shot.Relation, Audience: shot.Audience, Tenant: shot.Tenant}
	a.events = []feed.Event{{Name: shot.Stem + ":created", Stem: shot.Stem, Tenant: shot.Tenant}}
	defer func() { _ = a.out.SetWriteDeadline(time.Time{}) }() // the connection goes on
	err := a.head()
	if err == nil {
		access := q.want.View.Access(shot.Relation)
		err = shot.Rows(ctx, snapshot.Want{Filter: q.filter, Subjects: q.texts, Masked: access != nil && !access.Everything()}, a.row)
	}
	if err == nil {
		a.buf = append(a.buf, `{"type":"end","rows":`...)
		a.buf = strconv.AppendInt(a.buf, int64(a.rows), 10)
		a.buf = append(a.buf, "}\n"...)
		err = a.flush()
	}
	h.stats.end(a, a.finish(ctx, err))
}

// head writes the first line.
func (a *answer) head() error {
	columns := a.shot.Columns
	if access := a.q.want.View.Access(a.shot.Relation); access != nil {
		columns = nil
		for _, c := range a.shot.Columns {
			if access.Columns().Has(c.Name) {
				columns = append(columns, c)
			}
		}
	}
	line, err := json.Marshal(struct {
		Type     string            `json:"type"`
		Tenant   string            `json:"tenantId"`
		Table    string            `json:"table"`
		Cursor   string            `json:"cursor"`
		Snapshot string            `json:"snapshot"`
		Key      []string          `json:"key"`
		Columns  []snapshot.Column `json:"columns"`
	}{"snapshot", a.shot.Tenant, a.shot.Stem, a.shot.Cursor.String(), a.shot.Text, a.shot.Key, columns})
	if err != nil {
		return fmt.Errorf("encode the head: %w", err)
	}
	a.buf = append(append(a.buf, line...), '\n')
	if err := a.flush(); err != nil {
		return err
	}
	_ = a.out.Flush() // what does not flush sends it later
	return nil
}

// row writes a row, if the client sees it.
func (a *answer) row(image []byte) error {
	if a.read += len(image); a.read > a.h.o.Bytes {
		return errTooLarge
	}
	if !utf8.Valid(image) { // in a database that takes any bytes
		image = bytes.ToValidUTF8(image, []byte("\uFFFD"))
	}
	r := row.Scan(image, a.fields[:0])
	if !r.OK {
		return errors.New("the row is no JSON object")
	}
	data := r.Normal(image)
	if a.whole {
		a.put(data)
		return a.room()
	}
	a.change.After, a.events[0].Data = image, data
	a.seen.Set(&a.change, a.events)
	decided := a.q.want.View.Decide(&a.seen)
	for n, part := range a.seen.Parts() {
		if !part.Has(a.q.subjects) {
			continue
		}
		if e := a.seen.See(decided[n], 0); e != nil {
			a.put(e.Data)
		}
	}
	return a.room()
}

// put adds a line. A line break in a row, as a column of type json may have one between
// its values, would end it: a blank means the same.
func (a *answer) put(data []byte) {
	a.buf = append(a.buf, `{"row":`...)
	from := len(a.buf)
	a.buf = append(a.buf, data...)
	for _, line := range [...]byte{'\n', '\r'} {
		for i := bytes.IndexByte(a.buf[from:], line); i >= 0; i = bytes.IndexByte(a.buf[from:], line) {
			a.buf[from+i] = ' '
		}
	}
	a.buf = append(a.buf, "}\n"...)
	a.rows++
}

// room writes what there is if it is much.
func (a *answer) room() error {
	if len(a.buf) < piece {
		return nil
	}
	return a.flush()
}

// flush writes what there is, and looks whether the client may still have more.
func (a *answer) flush() error {
	switch gate := a.h.o.Gate; {
	case gate.Draining():
		return ended{signal.Shutdown, "the server is shutting down; try again in a moment"}
	case gate.Revoked(&a.q.id):
		return ended{transport.Revoked, "the token was revoked"}
	}
	return a.write()
}

func (a *answer) write() error {
	_ = a.out.SetWriteDeadline(time.Now().Add(a.h.o.Stall)) // none where it is not known
	n, err := a.w.Write(a.buf)
	a.sent += n
	a.buf = a.buf[:0]
	if err != nil {
		return errGone
	}
	return nil
}

// finish writes the last line of an answer that ends early, and returns how it ended, see
// Stats.
func (a *answer) finish(ctx context.Context, err error) string {
	over, isEnded := errors.AsType[ended](err)
	switch {
	case err == nil:
		return whole
	case errors.Is(err, errGone), errors.Is(ctx.Err(), context.Canceled):
		return string(signal.Gone)
	case isEnded:
	case errors.Is(err, snapshot.ErrTooMany):
		over = ended{transport.LimitExceeded, fmt.Sprintf("there are more than %d rows; ask for fewer with where", a.h.o.Source.Most)}
	case errors.Is(err, errTooLarge):
		over = ended{transport.LimitExceeded, fmt.Sprintf("the rows have more than %d bytes; ask for fewer with where", a.h.o.Bytes)}
	case ctx.Err() != nil && !time.Now().Before(a.q.id.Expires):
		over = ended{transport.TokenExpired, "the token has expired"}
	case ctx.Err() != nil:
		over = ended{transport.LimitExceeded, fmt.Sprintf("the rows were not taken within %s; ask for fewer with where", a.h.o.Time)}
	default:
		over = ended{transport.Unavailable, "rows cannot be read at the moment; try again in a moment"}
		a.h.o.Log.WarnContext(ctx, "read rows", slog.String("tenant", a.shot.Tenant), slog.String("table", a.shot.Stem), slog.Any("error", err))
	}
	a.buf = append(encode.AppendError(a.buf, over.code, over.text, "", ""), '\n')
	if a.write() != nil {
		return string(signal.Gone)
	}
	return string(over.code)
}
