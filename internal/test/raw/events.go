package raw

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Event is what EventSource would dispatch, or a comment.
type Event struct{ ID, Name, Data, Comment string }

// Events reads Server-Sent Events, down to the bytes.
type Events struct {
	// Retry and LastID are the last that were read.
	Retry, LastID string
	reader        *bufio.Reader
	// lines were read and not taken.
	lines []string
}

// NewEvents reads from r.
func NewEvents(r io.Reader) *Events { return &Events{reader: bufio.NewReader(r)} }

// line reads up to the end of a line as the standard has it: a line feed, a
// carriage return, or both.
func (s *Events) line() (string, error) {
	if len(s.lines) == 0 {
		text, err := s.reader.ReadString('\n')
		if err != nil {
			return text, err
		}
		s.lines = strings.Split(strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), "\r")
	}
	line := s.lines[0]
	s.lines = s.lines[1:]
	return line, nil
}

// Read returns the next event or comment. The error is io.EOF at the end.
func (s *Events) Read() (e Event, err error) {
	var data []string
	for {
		line, err := s.line()
		if err != nil {
			if err == io.EOF && (line != "" || data != nil) { //nolint:errorlint // as it comes
				err = fmt.Errorf("%w within an event: %q", io.ErrUnexpectedEOF, line)
			}
			return e, err
		}
		field, value, colon := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "" && (data != nil || e.Comment != ""):
			e.Data = strings.Join(data, "\n")
			return e, nil
		case line == "":
		case colon && field == "":
			e.Comment += value
		case field == "id":
			e.ID, s.LastID = value, value
		case field == "event":
			e.Name = value
		case field == "data":
			data = append(data, value)
		case field == "retry":
			s.Retry = value
		default:
			return e, fmt.Errorf("unknown field in line %.200q", line)
		}
	}
}
