package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// checkJSON refuses a payload that is no JSON, or would cost too much to read.
func checkJSON(payload []byte) error {
	if payload == nil {
		return nil
	}
	depth, commas := measure(payload)
	switch {
	case depth > maxDepth:
		return fmt.Errorf("a payload nested more than %d deep", maxDepth)
	case commas > maxArgs:
		return fmt.Errorf("a payload with more than %d arguments", maxArgs)
	case !json.Valid(payload):
		return errors.New("a payload that is no JSON")
	}
	return nil
}

// measure says how deep a JSON text nests, and how many commas its outermost
// value has.
func measure(text []byte) (depth, commas int) {
	level, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			level++
			depth = max(depth, level)
		case c == ']' || c == '}':
			level--
		case c == ',' && level == 1:
			commas++
		}
	}
	return depth, commas
}

// checkPlaceholders refuses a valid payload with a placeholder that is for none
// of so many attachments. Of keys that are there twice the last counts, as
// clients read them.
func checkPlaceholders(payload []byte, attachments int) error {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	return placeholders{d, attachments}.value()
}

type placeholders struct {
	*json.Decoder
	attachments int
}

// value reads the next value.
func (p placeholders) value() error {
	token, err := p.Token()
	if err != nil {
		return fmt.Errorf("read a payload: %w", err)
	}
	return p.rest(token)
}

// rest reads the rest of a value that begins with token.
func (p placeholders) rest(token json.Token) error {
	switch token {
	case json.Delim('{'):
		return p.object()
	case json.Delim('['):
		for p.More() {
			if err := p.value(); err != nil {
				return err
			}
		}
		return p.end()
	}
	return nil
}

// object reads the rest of an object.
func (p placeholders) object() error {
	is, valid := false, false
	for p.More() {
		key, err := p.Token()
		if err != nil {
			return fmt.Errorf("read a payload: %w", err)
		}
		value, err := p.Token()
		if err != nil {
			return fmt.Errorf("read a payload: %w", err)
		}
		switch key {
		case "_placeholder":
			is = value == true
		case "num":
			number, _ := value.(json.Number)
			n, err := strconv.Atoi(number.String())
			valid = err == nil && 0 <= n && n < p.attachments
		}
		if err := p.rest(value); err != nil {
			return err
		}
	}
	if is && !valid {
		return errors.New("a placeholder for no attachment")
	}
	return p.end()
}

// end reads the end of an array or object.
func (p placeholders) end() error {
	if _, err := p.Token(); err != nil {
		return fmt.Errorf("read a payload: %w", err)
	}
	return nil
}
