package socketio_test

import (
	"encoding/json"
	"testing"

	"rowcast/internal/transport"
	"rowcast/internal/transport/encode"
	"rowcast/internal/transport/socketio"
	protocol "rowcast/internal/wire/socketio"
)

// FuzzCommand: whatever event a client sends, it is a command with a tenant or a token, or a
// refusal that can be told.
func FuzzCommand(f *testing.F) {
	f.Fuzz(func(t *testing.T, packet []byte) {
		var d protocol.Decoder
		p, err := d.Decode(false, packet, 64<<10)
		if err != nil || p == nil || p.Type != protocol.EventPacket {
			return
		}
		command, err := socketio.ParseCommand(protocol.Event{Name: p.Name, Args: p.Args})
		if err == nil {
			if command.Tenant == "" && command.Type != transport.CommandAuth || command.Token == "" && command.Type == transport.CommandAuth || command.ResumeOnly || command.Type != p.Name {
				t.Fatalf("%q: %+v", packet, command)
			}
			return
		}
		refused, ok := err.(*transport.Refusal) //nolint:errorlint // the documented type
		if !ok || refused.Code != transport.BadRequest || refused.Message == "" {
			t.Fatalf("%q: %T %v", packet, err, err)
		}
		if answer := encode.AppendError(nil, refused.Code, refused.Message, p.Name, command.Tenant); !json.Valid(answer) {
			t.Fatalf("%q: %q", packet, answer)
		}
	})
}
