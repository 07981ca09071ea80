package session

import "rowcast/internal/errcode"

// Owner is the client that a session belongs to. Its methods are called with the lock
// of the session held: they must neither block nor call a session.
type Owner interface {
	// Check is the cause to end the session with, empty if it may go on.
	Check() errcode.Code
	// Left is called once, when the session has ended.
	Left()
}

// Own says who the session belongs to from now on, and ends it if the check of the
// owner fails. An owner that comes when the session has ended has Left at once; one
// that is replaced hears nothing more.
func (s *Session) Own(o Owner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		o.Left()
		return
	}
	s.owner = o
	s.checkOwnerLocked()
}

// Recheck asks the owner whether the session may go on.
func (s *Session) Recheck() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkOwnerLocked()
}

// checkOwnerLocked ends s if its owner is unwanted.
func (s *Session) checkOwnerLocked() {
	if s.owner == nil {
		return
	}
	if code := s.owner.Check(); code != "" {
		s.closeCodeLocked(code)
	}
}
