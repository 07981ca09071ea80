package engineio

// Session is one client.
type Session struct {
	id string
}

// ID is the secret by which the client names the session.
func (s *Session) ID() string { return s.id }
