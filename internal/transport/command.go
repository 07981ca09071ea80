package transport

import (
	"encoding/json"
	"errors"
	"fmt"
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
	// Exact and Forgets, set by transports only, are those of hub.Request.
	Exact   bool `json:"-"`
	Forgets bool `json:"-"`
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
			return c, &Refusal{Code: BadRequest, Message: c.Type + ` needs "tenantId", the text of a tenant`}
		}
	case CommandAuth:
		if c.Token == "" {
			return c, &Refusal{Code: BadRequest, Message: `auth needs "token", a JWT`}
		}
	case CommandPing, CommandPong:
	case "":
		return c, &Refusal{Code: BadRequest, Message: `the message has no "type"; see the protocol for what there is`}
	default:
		return c, &Refusal{Code: BadRequest, Message: fmt.Sprintf(
			"unknown type %.40q; there are auth, join-tenant, leave-tenant, ping and pong", c.Type)}
	}
	return c, nil
}

// explain says what is wrong with a message.
func explain(err error) string {
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if mistyped.Field == "" {
			return "the message is JSON but no object"
		}
		return fmt.Sprintf("%q is a JSON %s; see the protocol for what it has to be", mistyped.Field, mistyped.Value)
	}
	if malformed, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("the message is no JSON: byte %d: %s", malformed.Offset, malformed.Error())
	}
	return "the message cannot be read as a JSON object"
}
