package transport

import (
	"rowcast/internal/auth"
	"rowcast/internal/hub"
)

// Rules are what clients are held to beside their tokens. A field that is zero
// holds them to nothing.
type Rules struct {
	// Revoked says whether an identity is not good any more. It must not block.
	Revoked func(id *auth.Identity) bool
}

// guest is a client as the hub knows it, from one change of its identity to the
// next. It is a hub.Owner.
type guest struct {
	rules *Rules
	// identity is nil while the client is anonymous.
	identity *auth.Identity
}

// Unwanted implements hub.Owner.
func (g *guest) Unwanted() hub.Cause {
	if g.identity != nil && g.rules != nil && g.rules.Revoked != nil && g.rules.Revoked(g.identity) {
		return Revoked
	}
	return ""
}

// Left implements hub.Owner.
func (g *guest) Left() {}
