package conform_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// errPassed says that a message has no meaning on every wire.
var errPassed = fmt.Errorf("a message of one wire alone")

// decode reads a message of the native WebSocket, as Server-Sent Events have it
// too. The error is a *refusal if it is one.
func decode(body []byte) (message, error) {
	var m struct {
		message
		Code string
	}
	if err := json.Unmarshal([]byte(shallow(string(body))), &m); err != nil {
		return message{}, fmt.Errorf("decode %s: %w", body, err)
	}
	m.raw = string(body)
	switch m.Type {
	case "joined", "event", "progress", "reset":
		return m.message, nil
	case "error":
		if m.Code == "stale" {
			m.Type = m.Code
			return m.message, nil
		}
		return message{}, &refusal{m.Code}
	default:
		return m.message, errPassed
	}
}

// shallow has a document that is too deep for encoding/json as a short one.
func shallow(text string) string {
	return strings.ReplaceAll(text, strings.Repeat("[", tooDeep)+strings.Repeat("]", tooDeep), "0")
}

// tooDeep is deeper than encoding/json goes.
const tooDeep = 12_000
