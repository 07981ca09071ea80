package socketio

import (
	"encoding/json"
	"errors"
	"fmt"

	"rowcast/internal/access/auth"
	"rowcast/internal/transport"
	"rowcast/internal/wire/socketio"
)

// connect is what a client sends to connect, the fields that are of use. Others
// are for others.
type connect struct {
	token, ticket string
	// pid and offset ask to recover.
	pid, offset string
	// meta asks for what is said about events. forgoes says that the client does
	// not recover, and wants no offsets.
	meta, forgoes bool
}

// parseConnect reads it. A field of another kind is one of somebody else, unless
// it is the token.
func parseConnect(payload json.RawMessage) (connect, *transport.Refusal) {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(payload, &fields) // an object, or nothing: the decoder has checked it
	text := func(name string) (value string) {
		_ = json.Unmarshal(fields[name], &value) // else it stays empty
		return value
	}
	is := func(name, value string) bool { // a text, too: the auth of some clients has nothing else
		return string(fields[name]) == value || text(name) == value
	}
	c := connect{
		token: auth.Bare(text("token")), ticket: text("ticket"), pid: text("pid"), offset: text("offset"),
		meta: is("meta", "true"), forgoes: is("recovery", "false"),
	}
	if token := fields["token"]; len(token) > 0 && token[0] != '"' && string(token) != "null" {
		return c, &transport.Refusal{Code: transport.BadRequest, Message: "auth.token has to be a text, the JWT"}
	}
	return c, nil
}

// command is what a client asks for.
type command struct {
	transport.Command
	asks
}

// asks is what Socket.IO has beside the commands of all transports.
type asks struct {
	// Meta, if not nil, says whether the events of the tenant are followed by what
	// is said about them.
	Meta *bool `json:"meta"`
}

// parseCommand reads an event: its name, and as its argument a tenant or a token, or
// an object with one. The error is a *transport.Refusal.
func parseCommand(e socketio.Event) (command, error) {
	switch e.Name {
	case transport.CommandJoin, transport.CommandLeave, transport.CommandAuth:
	default:
		return command{}, &transport.Refusal{Code: transport.BadRequest, Message: fmt.Sprintf(
			"unknown event %.40q; there are join-tenant, leave-tenant and auth", e.Name)}
	}
	var c command
	c.Type = e.Name
	subject := &c.Tenant
	if e.Name == transport.CommandAuth {
		subject = &c.Token
	}
	if len(e.Args) > 0 && len(e.Attachments) == 0 {
		var number json.Number
		switch arg := e.Args[0]; arg[0] {
		case '"':
			_ = json.Unmarshal(arg, subject) // the decoder has checked it
		case '{':
			if err := errors.Join(json.Unmarshal(arg, &c.Command), json.Unmarshal(arg, &c.asks)); err != nil {
				return c, &transport.Refusal{Code: transport.BadRequest, Message: e.Name +
					`: "tenantId" has to be a text or a whole number, "cursor" and "token" texts, "events" a list of texts, "meta" true or false`}
			}
			c.Type = e.Name
		default:
			if json.Unmarshal(arg, &number) == nil && subject == &c.Tenant {
				c.Tenant = number.String()
			}
		}
	}
	switch {
	case *subject != "":
		return c, nil
	case e.Name == transport.CommandAuth:
		return c, &transport.Refusal{Code: transport.BadRequest, Message: `auth needs the text of a token, or an object with "token"`}
	default:
		return c, &transport.Refusal{Code: transport.BadRequest, Message: e.Name +
			` needs the text of a tenant, or an object with "tenantId"`}
	}
}
