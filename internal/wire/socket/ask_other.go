//go:build !linux

package socket

// Queued is how many bytes that were written the other side has not
// acknowledged. Where the system does not say it is 0.
func (s *Socket) Queued() int { return 0 }

// Unread is how many bytes of the other side have come and are not read yet.
// Where the system does not say it is 0.
func (s *Socket) Unread() int { return 0 }
