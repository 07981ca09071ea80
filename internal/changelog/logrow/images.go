package logrow

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"rowcast/internal/changelog/jsontext"
	"rowcast/internal/failpoint"
	"rowcast/internal/feed"
)

// images are rows of a table as JSON, nil one that is missing.
type images []json.RawMessage

// at is the image of this index, nil if there is none.
func (m images) at(i int64) json.RawMessage {
	if i < int64(len(m)) {
		return m[i]
	}
	return nil
}

func (m images) size() (bytes int) {
	for i := range m {
		bytes += len(m[i])
	}
	return bytes
}

// What begins an array as PostgreSQL sends it: the number of dimensions, whether
// there are nulls and the type of the elements, then for each dimension its length
// and where it begins.
const (
	arrayHead      = 12
	arrayDimension = 8
)

var errArray = errors.New("the log row holds no array of rows")

// parseImages cuts up the binary form of a json[]; they share its memory. Nil stays
// nil.
func parseImages(b []byte) (images, error) {
	if b == nil {
		return nil, nil
	}
	if len(b) < arrayHead {
		return nil, errArray
	}
	dimensions := binary.BigEndian.Uint32(b)
	if b = b[arrayHead:]; dimensions == 0 && len(b) == 0 {
		return images{}, nil
	}
	if dimensions != 1 || len(b) < arrayDimension {
		return nil, errArray
	}
	n := binary.BigEndian.Uint32(b)
	b = b[arrayDimension:]
	if uint64(n)*4 > uint64(len(b)) {
		return nil, errArray
	}
	m := make(images, n)
	for i := range m {
		if len(b) < 4 {
			return nil, errArray
		}
		length := int32(binary.BigEndian.Uint32(b)) //nolint:gosec // -1 is a null
		if b = b[4:]; length == -1 {
			continue
		}
		if length < 0 || int(length) > len(b) {
			return nil, errArray
		}
		m[i] = json.RawMessage(b[:length:length])
		b = b[length:]
	}
	if len(b) > 0 {
		return nil, errArray
	}
	return m, nil
}

// examine returns why the rows of a change cannot be sent, nil if they can.
func examine(c *feed.Change, after, before bool) (why *feed.Unreadable) {
	if n := len(c.After) + len(c.Before); n > feed.MaxRows {
		return tooLarge(int64(n))
	}
	defer func() {
		if recover() != nil {
			why = &feed.Unreadable{Reason: feed.Decoding, Detail: "a panic while the row was read"}
		}
	}()
	failpoint.Break(string(feed.Decoding), c.After)
	if why = decode(c.After, after); why == nil {
		why = decode(c.Before, before)
	}
	return why
}

func decode(image json.RawMessage, needed bool) *feed.Unreadable {
	if !needed {
		return nil
	}
	if image == nil {
		return &feed.Unreadable{Reason: feed.Decoding, Detail: "the log row lacks the row"}
	}
	if err := jsontext.Object(image); err != nil {
		return &feed.Unreadable{Reason: feed.Decoding, Detail: err.Error()}
	}
	return nil
}

func tooLarge(bytes int64) *feed.Unreadable {
	return &feed.Unreadable{Reason: feed.Size, Detail: fmt.Sprintf("the rows of the change have %d bytes, at most %d are sent", bytes, feed.MaxRows)}
}
