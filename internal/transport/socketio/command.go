package socketio

import (
	"encoding/json"
	"fmt"

	"rowcast/internal/socketio"
	"rowcast/internal/transport"
)

// parseCommand reads an event: its name, and as its argument a tenant or an
// object with one. The error is a *transport.Refusal.
func parseCommand(e socketio.Event) (transport.Command, error) {
	if e.Name != transport.CommandJoin && e.Name != transport.CommandLeave {
		return transport.Command{}, &transport.Refusal{Code: transport.BadRequest, Message: fmt.Sprintf(
			"unknown event %.40q; there are join-tenant and leave-tenant", e.Name)}
	}
	c := transport.Command{Type: e.Name}
	if len(e.Args) > 0 && len(e.Attachments) == 0 {
		var number json.Number
		switch arg := e.Args[0]; arg[0] {
		case '"':
			_ = json.Unmarshal(arg, &c.Tenant) // the decoder has checked it
		case '{':
			if err := json.Unmarshal(arg, &c); err != nil {
				return c, &transport.Refusal{Code: transport.BadRequest, Message: e.Name +
					`: "tenantId" has to be a text or a whole number, "cursor" a text, "events" a list of texts`}
			}
			c.Type = e.Name
		default:
			if json.Unmarshal(arg, &number) == nil {
				c.Tenant = number.String()
			}
		}
	}
	if c.Tenant == "" {
		return c, &transport.Refusal{Code: transport.BadRequest, Message: e.Name +
			` needs the text of a tenant, or an object with "tenantId"`}
	}
	return c, nil
}
