package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"rowcast/internal/access/tenant"
)

// The commands of a client.
const (
	CommandAuth  = "auth"
	CommandJoin  = "join-tenant"
	CommandLeave = "leave-tenant"
	CommandPing  = "ping"
	CommandPong  = "pong"
)

// Command is one message of a client.
type Command struct {
	Type   string   `json:"type"`
	Token  string   `json:"token"`
	Tenant string   `json:"tenantId"`
	Cursor string   `json:"cursor"`
	Events []string `json:"events"`
	// Where is the filter of rows, see package where.
	Where json.RawMessage `json:"where"`
	// Exact and Forgets, set by transports only, are those of session.Request.
	ResumeOnly bool `json:"-"`
	Forgets    bool `json:"-"`
}

// UnmarshalJSON takes a tenant that is a whole number for its text: databases have
// integer tenants.
func (c *Command) UnmarshalJSON(text []byte) error {
	type plain Command
	return json.Unmarshal(text, &struct { //nolint:wrapcheck // json wraps it no further either
		*plain
		Tenant (*tenant.ID) `json:"tenantId"`
	}{(*plain)(c), (*tenant.ID)(&c.Tenant)})
}

// shape says what a field of a message has to be.
func shape(field string) string {
	switch field {
	case "tenantId":
		return "a text or a whole number"
	case "events":
		return "a list of texts"
	default:
		return "a text"
	}
}

// ParseCommand reads a message. The error is a *Refusal.
func ParseCommand(message []byte) (Command, error) {
	var c Command
	if err := json.Unmarshal(message, &c); err != nil {
		return c, &Refusal{Code: BadRequest, Message: explain(err)}
	}
	switch c.Type {
	case CommandJoin, CommandLeave:
		if c.Tenant == "" {
			return c, &Refusal{Code: BadRequest, Message: c.Type + ` needs "tenantId", a tenant as text or whole number`}
		}
	case CommandAuth:
		if c.Token == "" {
			return c, &Refusal{Code: BadRequest, Message: `auth needs "token", a JWT`}
		}
	case CommandPing, CommandPong:
	case "":
		return c, &Refusal{Code: BadRequest, Message: `the message has no "type"; ` + types}
	default:
		return c, &Refusal{Code: BadRequest, Message: fmt.Sprintf("unknown type %.40q; %s", c.Type, types)}
	}
	return c, nil
}

// types says which messages there are.
const types = "there are " + CommandAuth + ", " + CommandJoin + ", " + CommandLeave + ", " + CommandPing + " and " + CommandPong

// explain says what is wrong with a message.
func explain(err error) string {
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := mistyped.Field[strings.LastIndexByte(mistyped.Field, '.')+1:]
		if field == "" {
			return "the message is JSON but no object"
		}
		return fmt.Sprintf("%q is a JSON %s; it has to be %s", field, mistyped.Value, shape(field))
	}
	if malformed, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("the message is no JSON: byte %d: %s", malformed.Offset, malformed.Error())
	}
	return "the message cannot be read as a JSON object"
}
